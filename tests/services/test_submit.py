"""A draft becomes one case, whatever the writer and the network do."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.fakes.procedures import ANSWERS, context, sample
from tests.proofs.submit_once import race
from webapp.applications.submit import NotReady, Unseen, digest_of, receipt_of, submit
from webapp.audit import Actor
from webapp.casework.models import Case
from webapp.intake import drafts, sheets, versions
from webapp.intake.models import Draft
from webapp.outbox.models import OutboxMessage

VISITOR = Actor("visitor", None, "申請者")


def draft_of(session: Session, **answers: object) -> Draft:
    definition = sample()
    return drafts.start(
        session, definition, drafts.Owner(), lang="ja", actor=VISITOR, answers={**ANSWERS, **answers}
    )


def test_a_submission_opens_case_sheet_charge_and_message_together(session: Session) -> None:
    draft = draft_of(session)
    sent = submit(session, draft, context=context(), actor=VISITOR)
    assert sent.is_new
    assert sent.password
    assert sent.charge is not None and sent.charge.open_yen == 600
    assert sheets.latest(session, sent.case.id).answers["applicant_name"] == "髙﨑 𠮷子"
    assert sent.case.contact["tel"] == "0773661000"
    assert session.scalar(select(func.count(OutboxMessage.id))) == 1


def test_sending_again_gives_the_same_case_and_the_same_password(session: Session) -> None:
    draft = draft_of(session)
    first = submit(session, draft, context=context(), actor=VISITOR)
    again = submit(session, draft, context=context(), actor=VISITOR)
    assert not again.is_new
    assert (again.case.id, again.password) == (first.case.id, first.password)
    assert session.scalar(select(func.count(Case.id))) == 1


def test_an_incomplete_draft_is_not_sent(session: Session) -> None:
    draft = draft_of(session, applicant_tel=None)
    with pytest.raises(NotReady) as refused:
        submit(session, draft, context=context(), actor=VISITOR)
    assert [problem.path for problem in refused.value.problems] == ["applicant_tel"]
    assert receipt_of(session, draft) is None


def test_a_stop_is_never_sent(session: Session) -> None:
    with pytest.raises(NotReady):
        submit(session, draft_of(session, copies=9), context=context(), actor=VISITOR)


def test_answers_changed_after_the_check_page_are_shown_again_first(session: Session) -> None:
    draft = draft_of(session)
    confirmed = digest_of(draft)
    draft.answers = {**draft.answers, "copies": 3}
    with pytest.raises(Unseen):
        submit(session, draft, context=context(), actor=VISITOR, confirmed=confirmed)


def test_a_hidden_answer_is_not_part_of_what_is_sent(session: Session) -> None:
    sent = submit(session, draft_of(session, which="昔の答え"), context=context(), actor=VISITOR)
    assert "which" not in sheets.latest(session, sent.case.id).answers


def test_the_definition_is_kept_whole_with_the_answers(session: Session) -> None:
    sent = submit(session, draft_of(session), context=context(), actor=VISITOR)
    kept = versions.load(session, sheets.latest(session, sent.case.id).version)
    assert kept.version == sample().version
    assert kept.to_json() == sample().to_json()


def test_twenty_at_once_give_one_application(database_url: str) -> None:
    result = race(database_url, posts=20, guard=True)
    assert result["cases"] == 1
    assert result["distinct_references_shown"] == 1
    assert result["messages"] == 1
    assert result["errors"] == []


def test_without_the_guard_twenty_at_once_give_more_than_one(database_url: str) -> None:
    assert race(database_url, posts=20, guard=False)["cases"] > 1
