"""What follows a decision: duties with their days, registrations, and the money of the next applicant."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.fakes.library import VISITOR, load, sent
from webapp import clock
from webapp.applications import budget, follow_up, remind, same
from webapp.applications.decide import Ruling, decide, reopen
from webapp.applications.submit import NotReady
from webapp.audit import Actor
from webapp.calendar.business import city_hall
from webapp.casework import duties, inbox, registrations
from webapp.casework.models import Case
from webapp.city import load_city
from webapp.db import Database
from webapp.errors import IllegalStep
from webapp.identity.models import Resident
from webapp.identity.permissions import Scope
from webapp.outbox.models import OutboxMessage
from webapp.settings import ROOT

OFFICER = Actor("staff", "1", "担当 太郎")
CITY = load_city(ROOT / "demo")
JUNE = datetime(2025, 6, 2, 10)


def accept(session: Session, case: Case, step: str = "accept") -> None:
    decide(session, case, Ruling(step), OFFICER, city=CITY, calendar=city_hall())


def resident(session: Session) -> Resident:
    row = Resident(created_at=clock.now(), profile={})
    session.add(row)
    session.flush()
    return row


def test_the_report_is_noted_with_its_day_and_its_reminder(session: Session) -> None:
    with clock.frozen(JUNE):
        case = sent(session, "solar-battery")
        accept(session, case)
    (duty,) = duties.of_case(session, case)
    assert duty.label["ja"] == "実績報告"
    assert (duty.due_on, duty.remind_on) == (date(2025, 12, 2), date(2025, 11, 11))


def test_the_reminder_goes_out_on_its_own_day_and_once(session: Session) -> None:
    with clock.frozen(JUNE):
        accept(session, sent(session, "solar-battery"))
    told = []
    for day in (10, 11, 12):
        with clock.frozen(datetime(2025, 11, day, 8)):
            told.append(remind.remind_duties(session))
    assert told == [0, 1, 0]


def test_a_report_that_is_overdue_stands_in_the_office_s_list_until_it_is_confirmed(session: Session) -> None:
    with clock.frozen(JUNE):
        case = sent(session, "solar-battery")
        accept(session, case)
    (duty,) = duties.of_case(session, case)
    wish = inbox.Wish(Scope(everywhere=True), view="owed")
    with clock.frozen(datetime(2025, 12, 2, 10)):
        assert inbox.find(session, wish).total == 0
    with clock.frozen(datetime(2025, 12, 3, 10)):
        found = inbox.find(session, wish)
        assert [line.case.id for line in found.lines] == [case.id] and found.counters["owed"] == 1
        follow_up.say_done(session, case, duty, VISITOR)
        assert case.news == "message"
        duties.fulfil(session, case, duty, OFFICER)
        assert inbox.find(session, wish).total == 0
        with pytest.raises(IllegalStep):
            follow_up.say_done(session, case, duty, VISITOR)


def test_the_renewal_itself_fulfils_the_duty_of_the_earlier_case(session: Session) -> None:
    with clock.frozen(JUNE):
        person = resident(session)
        first = sent(session, "solar-battery", resident_id=person.id)
        duties.add(
            session, first, key="renew", kind="renewal", label={"ja": "更新"}, due_on=date(2026, 4, 1),
            procedure="solar-battery", actor=OFFICER,
        )  # fmt: skip
        sent(session, "solar-battery", resident_id=person.id, kinds=["battery"])
    (duty,) = duties.of_case(session, first)
    assert duty.done_at is not None


def test_a_registration_holds_from_the_decision_until_the_case_is_opened_again(session: Session) -> None:
    with clock.frozen(JUNE):
        person = resident(session)
        case = sent(session, "vacant-house", resident_id=person.id, role="user", wish_text="海の近く")
        assert registrations.held_by(session, person.id) == frozenset()
        accept(session, case)
        assert registrations.held_by(session, person.id) == {"vacant_house_user"}
        reopen(session, case, "要件の確認のため", OFFICER)
    assert registrations.held_by(session, person.id) == frozenset()


def test_staff_see_who_applied_twice_whatever_the_way(session: Session) -> None:
    with clock.frozen(datetime(2026, 11, 20, 10)):
        online, paper = sent(session, "staff-exam"), sent(session, "staff-exam", name="高崎吉郎")
        other = sent(session, "staff-exam", name_kana="ミホン　ハナコ")
    assert same.others(session, online) == [paper] and same.others(session, paper) == [online]
    assert same.others(session, other) == []


def test_another_person_who_wants_the_same_is_no_duplicate(session: Session) -> None:
    with clock.frozen(JUNE):
        rows = {"items": [{"id": "r1", "kind": "futon", "count": 2}], "date": "2025-06-10"}
        mine = sent(session, "sodai-gomi", **rows)
        again = sent(
            session, "sodai-gomi", items=[{"id": "x9", "kind": "futon", "count": 2}], date="2025-06-10"
        )
        sent(session, "sodai-gomi", **rows, applicant_kana="ベツノ　ヒト")
    assert same.others(session, mine) == [again]


def test_an_overdue_correction_stands_in_a_list_of_its_own(session: Session) -> None:
    with clock.frozen(JUNE):
        case = sent(session, "solar-battery")
        case.status, case.answer_by = "correction", date(2025, 6, 12)
    wish = inbox.Wish(Scope(everywhere=True), view="unanswered")
    for day, total in ((12, 0), (13, 1)):
        with clock.frozen(datetime(2025, 6, day, 10)):
            assert inbox.find(session, wish).total == total


def test_a_budget_counts_what_was_asked_and_frees_what_was_refused(session: Session) -> None:
    with clock.frozen(JUNE):
        case = sent(session, "solar-battery")
        definition = load(case.slug)
        assert budget.left(session, definition, clock.today()) == 9_660_000
        assert budget.left(session, definition, date(2026, 4, 1)) == 10_000_000
        decide(session, case, Ruling("refuse", reasons="要件外"), OFFICER, city=CITY, calendar=city_hall())
        assert budget.left(session, definition, clock.today()) == 10_000_000


def test_the_last_yen_is_given_once(database: Database) -> None:
    definition = load("solar-battery")
    assert definition.budget is not None
    small = definition.model_copy(update={"budget": definition.budget.model_copy(update={"yen": 1_000_000})})
    small.__dict__.pop("version", None)

    def one(_: int) -> str:
        try:
            with database.transaction() as session:
                sent(session, "solar-battery", definition=small)
        except NotReady as refused:
            return refused.outcome.stops[0].key
        return "taken"

    with ThreadPoolExecutor(6) as pool:
        found = sorted(pool.map(one, range(6)))
    assert found == ["budget"] * 4 + ["taken"] * 2
    with database.reading() as session:
        assert sum(session.scalars(select(Case.benefit_yen)).all()) == 680_000
        assert len(session.scalars(select(OutboxMessage.id)).all()) == 2
