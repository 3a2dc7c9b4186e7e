"""The resident's answer to a correction: only the marked fields change, then the case goes on."""

from typing import Any

from sqlalchemy.orm import Session

from webapp.applications import fees
from webapp.applications.submit import NotReady
from webapp.audit import Actor
from webapp.casework import steps
from webapp.casework.models import Case
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Problem
from webapp.form_engine.problems import problems
from webapp.intake import corrections, identity_number, sheets, versions
from webapp.intake.models import Answers, AnswerSheet, Correction


def mended(session: Session, correction: Correction) -> Answers:
    """The answers as they would stand: what was sent, with what has been typed into the marked fields."""
    before = sheets.latest(session, correction.case_id).answers
    changes = corrections.only_pinned(correction, before, {**before, **(correction.answers or {})})
    return {key: value for key, value in {**before, **changes}.items() if value is not None}


def definition_of(session: Session, case: Case) -> Definition:
    """The kept definition the case was sent with."""
    return versions.load(session, sheets.latest(session, case.id).version)


def open_problems(
    definition: Definition, correction: Correction, before: Answers, after: Answers, context: Context
) -> list[Problem]:
    """What is wrong in the marked fields, or in fields that a mended answer has brought up."""
    return [
        problem
        for problem in problems(definition, after, context)
        if corrections.is_pinned(correction, problem.path) or problem.path.split("[")[0] not in before
    ]


def answer(
    session: Session, case: Case, correction: Correction, *, context: Context, actor: Actor
) -> AnswerSheet:
    """Send the mended fields: next sheet, clock on, fee followed, staff told by the inbox.

    Raises NotReady with what is still wrong, IllegalStep when it was answered already.
    """
    correction = corrections.locked(session, correction.id)
    definition = definition_of(session, case)
    before = sheets.latest(session, case.id).answers
    after = mended(session, correction)
    outcome = evaluate(definition, after, context)
    wrong = open_problems(definition, correction, before, after, context)
    if wrong:
        raise NotReady(wrong, outcome)
    identity_number.refuse(definition, outcome.answers)
    visible: dict[str, Any] = dict(outcome.answers)
    sheet = corrections.answer_correction(session, correction, visible, actor, definition=definition)
    data = {"revision": sheet.revision}
    steps.take(session, case, "answer_correction", actor, data=data, calendar=context.calendar)
    fees.follow(session, case, outcome, actor)
    case.benefit_yen = outcome.benefit.total if outcome.benefit else None
    return sheet
