"""A paper that was promised for later arrives: the next answer sheet holds it, the duty is done."""

from typing import Any

from sqlalchemy.orm import Session

from webapp.audit import Actor
from webapp.casework import duties, steps
from webapp.casework.models import Case, CaseDuty
from webapp.errors import IllegalStep, NotFound
from webapp.form_engine.fields import File
from webapp.intake import places, sheets, versions
from webapp.intake.models import AnswerSheet, StoredFile
from webapp.intake.prefill import mark


def question_of(session: Session, case: Case, duty: CaseDuty) -> File:
    """The file question of the kept definition that a duty stands for. Raises NotFound for another duty."""
    definition = versions.load(session, sheets.latest(session, case.id).version)
    question = definition.fields.get(places.plain(duty.key))
    if not isinstance(question, File):
        raise NotFound(f"duty {duty.id} is no paper")
    return question


def given(session: Session, case: Case, duty: CaseDuty) -> list[dict[str, Any]]:
    """The files handed in for it so far."""
    return places.get(sheets.latest(session, case.id).answers, duty.key) or []


def add_file(session: Session, case: Case, duty: CaseDuty, row: StoredFile, actor: Actor) -> AnswerSheet:
    """Put a stored file on the case. Raises IllegalStep when the case is closed."""
    if case.is_closed:
        raise IllegalStep("hand_in", state=case.status, say="この申請は終わっているため、提出できません。")
    before = sheets.latest(session, case.id)
    answers = places.put(before.answers, duty.key, [*given(session, case, duty), row.as_answer()])
    provenance = {**before.provenance, duty.key: mark("handed_in")}
    return sheets.add(
        session, case.id, version=before.version, answers=answers, provenance=provenance, actor=actor
    )


def finish(session: Session, case: Case, duty: CaseDuty, actor: Actor) -> None:
    """This duty is done, and news for the office. Raises IllegalStep as long as nothing was handed in."""
    if not given(session, case, duty):
        raise IllegalStep("hand_in", state="empty", say="ファイルを選んでから、提出してください。")
    duties.fulfil(session, case, duty, actor)
    steps.raise_news(case, "answered")
