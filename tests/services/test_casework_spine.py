import pytest
from sqlalchemy.orm import Session

from webapp.audit import Actor
from webapp.casework import lookup, reference, search, steps, thread, timeline
from webapp.casework.models import Case
from webapp.casework.open_case import open_case
from webapp.errors import IllegalStep, NotFound

VISITOR = Actor("visitor", label="髙橋 一郎")
OFFICER = Actor("staff", "1", "窓口 花子")


def new_case(session: Session, kind: str = "application", **more: object) -> tuple[Case, str]:
    given: dict[str, object] = {
        "kind": kind,
        "slug": "juminhyo",
        "title": {"ja": "住民票の写しの交付申請"},
        "department": "shimin",
        "actor": VISITOR,
        "contact": {"name": "髙橋 一郎", "kana": "タカハシ イチロウ", "tel": "090-1234-5678", "lang": "ja"},
        **more,
    }
    return open_case(session, **given)  # type: ignore[arg-type]


def test_a_case_is_found_by_reference_and_password(session: Session) -> None:
    case, password = new_case(session)
    assert lookup.with_password(session, case.reference, password.upper()) is case


def test_a_wrong_password_and_an_unknown_reference_say_the_same(session: Session) -> None:
    case, _ = new_case(session)
    with pytest.raises(NotFound) as wrong:
        lookup.with_password(session, case.reference, "aaaa-aaaa")
    with pytest.raises(NotFound) as unknown:
        lookup.with_password(session, "00-0000-0000", "aaaa-aaaa")
    assert wrong.value.say == unknown.value.say


def test_a_case_whose_number_is_taken_gets_the_next(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = new_case(session)
    free = reference.new_reference(2026)
    drawn = iter([first.reference, free])
    monkeypatch.setattr(reference, "new_reference", lambda _year: next(drawn))
    second, _ = new_case(session)
    assert (second.reference, second.id != first.id) == (free, True)


def test_the_password_is_not_stored(session: Session) -> None:
    case, password = new_case(session)
    assert password not in case.password_hash


def test_a_case_is_found_by_a_variant_of_the_name(session: Session) -> None:
    case, _ = new_case(session)
    query = search.matching(session, "高橋")
    assert query is not None
    assert list(session.scalars(query)) == [case.id]


def test_a_step_moves_the_case_and_stands_on_the_timeline(session: Session) -> None:
    case, _ = new_case(session)
    steps.take(session, case, "start", OFFICER)
    session.flush()
    assert case.status == "examining"
    assert [event.event for event in timeline.of_case(session, case, public_only=True)] == ["opened", "start"]


def test_an_illegal_step_changes_nothing(session: Session) -> None:
    case, _ = new_case(session, kind="notification")
    with pytest.raises(IllegalStep):
        steps.take(session, case, "accept", OFFICER)
    assert case.status == "received"


def test_new_work_stops_being_new_when_staff_take_it_up(session: Session) -> None:
    case, _ = new_case(session)
    assert case.news == "arrived"
    steps.take(session, case, "start", OFFICER)
    assert case.news is None


def test_a_message_from_the_resident_is_news_until_it_is_answered(session: Session) -> None:
    case, _ = new_case(session)
    steps.take(session, case, "start", OFFICER)
    thread.post(session, case, "いつ届きますか", VISITOR)
    assert case.news == "message"
    thread.post(session, case, "明日お送りします。", OFFICER)
    assert case.news is None


def test_a_note_is_not_on_the_public_timeline(session: Session) -> None:
    case, _ = new_case(session)
    thread.add_note(session, case, "電話で確認済み", OFFICER)
    events = [event.event for event in timeline.of_case(session, case, public_only=True)]
    assert "note_added" not in events
