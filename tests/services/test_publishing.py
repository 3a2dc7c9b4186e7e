"""A new version goes live while fifty people are writing: nobody loses anything, nobody sends unseen."""

from __future__ import annotations

import copy
import random
import threading

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.fakes.procedures import ANSWERS, BODY, context, sample
from webapp.applications.submit import NotReady, Outdated, Unseen, digest_of, submit
from webapp.audit import Actor
from webapp.db import Database
from webapp.form_engine.model import Definition
from webapp.intake import drafts, publishing, upgrading
from webapp.intake.models import AnswerSheet, Draft, Submission

VISITOR = Actor("visitor", None, "申請者")
STAFF = Actor("staff", "1", "担当")


def changed() -> Definition:
    """The next version: a new required question, one choice fewer, another label, another fee."""
    body = copy.deepcopy(BODY)
    what, you, _papers = body["pages"]
    what["fields"][0]["options"] = [{"value": "full", "label": "全部"}, {"value": "short", "label": "抄本"}]
    what["fields"][1]["show_if"] = {"field": "kind", "is": "short"}
    you["fields"][0]["label"] = "お名前"
    you["fields"].append({"key": "purpose", "label": "使いみち", "type": "text"})
    body["fee"]["lines"][0]["yen"] = 350
    return Definition.model_validate(body)


def begun(session: Session, **answers: object) -> Draft:
    given = {**ANSWERS, **answers}
    return drafts.start(session, sample(), drafts.Owner(), lang="ja", actor=VISITOR, answers=given)


def test_the_effect_counts_drafts_and_names_what_they_must_answer(session: Session) -> None:
    publishing.publish(session, sample(), STAFF, context())
    begun(session)
    begun(session, kind="part", which="続柄")
    shown = publishing.effect(session, changed(), context())
    assert (shown.under_way, shown.must_answer) == (2, 2)
    assert shown.by_question == {"kind": 1, "purpose": 2}
    texts = [change.text("ja") for change in shown.changes]
    assert "質問「使いみち」が加わりました" in texts
    assert "「証明書の種類」の選択肢「一部」がなくなりました" in texts
    assert "質問「氏名」が「お名前」に変わりました" in texts
    assert "かかるお金が変わりました" in texts


def test_a_draft_finishes_on_the_version_it_was_begun_on(session: Session) -> None:
    publishing.publish(session, sample(), STAFF, context())
    draft = begun(session)
    publishing.publish(session, changed(), STAFF, context())
    sent = submit(session, draft, context=context(), actor=VISITOR)
    assert sent.charge is not None and sent.charge.lines_yen == 600


def test_switching_keeps_what_fits_and_asks_what_is_new(session: Session) -> None:
    draft = begun(session, kind="part", which="続柄")
    found = upgrading.waiting(session, draft, changed(), context())
    assert found is not None
    assert found.to_answer == ["kind", "purpose"]
    assert found.falls_away == ["kind"]
    draft = upgrading.upgrade(session, draft, changed(), VISITOR)
    assert draft.answers["applicant_name"] == ANSWERS["applicant_name"]
    with pytest.raises(NotReady):
        submit(session, draft, context=context(), actor=VISITOR)


def test_a_closing_publication_lets_nobody_send_the_old_version(session: Session) -> None:
    publishing.publish(session, sample(), STAFF, context())
    draft = begun(session)
    publishing.publish(session, changed(), STAFF, context(), closes_old=True)
    with pytest.raises(Outdated):
        submit(session, draft, context=context(), actor=VISITOR)
    draft = upgrading.upgrade(session, draft, changed(), VISITOR)
    drafts.touch(draft, answers={**draft.answers, "purpose": "提出"})
    sent = submit(session, draft, context=context(), actor=VISITOR)
    assert sent.charge is not None and sent.charge.lines_yen == 700


def test_a_check_page_of_the_old_version_does_not_send_the_new_one(session: Session) -> None:
    draft = begun(session)
    confirmed = digest_of(draft)
    draft = upgrading.upgrade(session, draft, changed(), VISITOR)
    drafts.touch(draft, answers={**draft.answers, "purpose": "提出"})
    with pytest.raises(Unseen):
        submit(session, draft, context=context(), actor=VISITOR, confirmed=confirmed)


def test_publishing_the_same_version_again_does_nothing(session: Session) -> None:
    assert publishing.publish(session, sample(), STAFF, context()) is not None
    assert publishing.publish(session, sample(), STAFF, context()) is None


@pytest.mark.parametrize("closes_old", [False, True])
def test_publishing_while_fifty_drafts_are_open(database: Database, closes_old: bool) -> None:
    with database.transaction() as session:
        publishing.publish(session, sample(), STAFF, context())
        ids = [begun(session, applicant_name=f"申請者{n}").id for n in range(50)]
    seen: dict[int, str] = {}
    errors: list[str] = []
    gate = threading.Barrier(11)

    def write_and_send(mine: list[int]) -> None:
        gate.wait()
        chance = random.Random(mine[0])
        for draft_id in mine:
            try:
                _one_person(database, draft_id, chance, seen)
            except Exception as error:
                errors.append(f"{draft_id}: {type(error).__name__} {error}")

    def publish() -> None:
        gate.wait()
        with database.transaction() as session:
            publishing.publish(session, changed(), STAFF, context(), closes_old=closes_old)

    threads = [threading.Thread(target=write_and_send, args=(ids[n::10],)) for n in range(10)]
    threads.append(threading.Thread(target=publish))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with database.reading() as session:
        tickets = {row.draft_id: row.case_id for row in session.scalars(select(Submission))}
        assert sorted(tickets) == sorted(ids)
        for draft_id, case_id in tickets.items():
            sheet = session.scalars(select(AnswerSheet).where(AnswerSheet.case_id == case_id)).one()
            assert sheet.version == seen[draft_id]
            assert sheet.answers["applicant_name"].startswith("申請者")


def _one_person(database: Database, draft_id: int, chance: random.Random, seen: dict[int, str]) -> None:
    """Look at the check page, perhaps dawdle, send; when told that it changed, look at the new version."""
    for _ in range(5):
        with database.transaction() as session:
            draft = session.get_one(Draft, draft_id)
            confirmed, version = digest_of(draft), draft.version
        threading.Event().wait(chance.uniform(0, 0.03))
        try:
            with database.transaction() as session:
                draft = session.get_one(Draft, draft_id)
                submit(session, draft, context=context(), actor=VISITOR, confirmed=confirmed)
            seen[draft_id] = version
            return
        except Outdated:
            with database.transaction() as session:
                draft = upgrading.upgrade(session, session.get_one(Draft, draft_id), changed(), VISITOR)
                drafts.touch(draft, answers={**draft.answers, "purpose": "提出"})
    raise AssertionError("never sent")
