"""Retention: what is kept too long is deleted or made anonymous, by procedure and outcome, on record.

The last day stands on the case (``applications.retain`` put it there when it was closed). A dry run
changes nothing and leaves the same record, so that an officer sees beforehand what would go. Every case
goes in a savepoint of its own: one that cannot go is named and does not hold the others back.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.audit import record as audit
from webapp.casework import timeline
from webapp.casework.models import (
    Case,
    CaseDecision,
    CaseDocument,
    CaseEvent,
    CaseGram,
    CaseMessage,
    CaseNote,
    CaseOpinion,
    RetentionRun,
)
from webapp.casework.office_models import CaseRegistration
from webapp.errors import MadoguchiError, NotFound
from webapp.form_engine.model import Definition
from webapp.identity.proof_models import AccessShield, Signature
from webapp.intake import files, sheets, versions
from webapp.intake.models import AnswerSheet, Correction, CorrectionItem, Draft, StoredFile, Submission
from webapp.outbox.forget import forget_case as forget_messages

log = logging.getLogger(__name__)
Action = Literal["delete", "anonymise"]
Forget = Callable[[Session, int], object]
"""Forgets what another part of the house holds about a case, given its id."""
FAILED = "failed"
STATISTICAL = ("radio", "select", "multiselect", "checkbox", "integer", "money", "month", "year")
"""Types of questions whose answers may stay in an anonymised case, unless they are marked personal."""


@dataclass(frozen=True)
class Due:
    """A case whose last day has passed, and what its procedure says shall happen."""

    case: Case
    action: Action
    rule: str


def plan(session: Session, today: date | None = None, *, limit: int = 1000) -> list[Due]:
    """What is due for deletion or anonymisation on ``today`` (Asia/Tokyo), the oldest first."""
    overdue = (
        select(Case)
        .where(Case.retain_until < (today or clock.today()), Case.redacted_at.is_(None))
        .where(Case.closed_at.is_not(None))
        .order_by(Case.retain_until, Case.id)
        .limit(limit)
    )
    return [_due(session, case) for case in session.scalars(overdue)]


def run(
    session: Session,
    actor: Actor,
    *,
    dry_run: bool = True,
    today: date | None = None,
    also: Sequence[Forget] = (),
) -> RetentionRun:
    """Carry the plan out (or only record it, with ``dry_run``) and return the record.

    The record holds reference numbers and counts of what went, nothing of what stood there; a case that
    could not go is counted as ``failed`` and stays due. ``also`` forgets what other parts hold about a
    case. Money stays in the ledger for its own years; bytes are deleted by the next file sweep.
    """
    counts: Counter[str] = Counter()
    references: list[str] = []
    for entry in plan(session, today):
        kind, reference = f"{entry.case.slug}:{entry.case.outcome or '-'}", entry.case.reference
        if dry_run or _erased(session, entry, actor, also):
            counts[f"{kind}:{entry.action}"] += 1
            references.append(reference)
        else:
            counts[f"{kind}:{FAILED}"] += 1
    record = RetentionRun(
        at=clock.now(),
        staff_id=actor.id if actor.kind == "staff" else None,
        dry_run=dry_run,
        counts=dict(counts),
        references=references,
    )
    session.add(record)
    session.flush()
    return record


def _erased(session: Session, entry: Due, actor: Actor, also: Sequence[Forget]) -> bool:
    try:
        with session.begin_nested():
            for forget in (forget_messages, *also):
                forget(session, entry.case.id)
            if entry.action == "delete":
                _delete(session, entry.case, actor, entry.rule)
            else:
                _anonymise(session, entry.case, actor, entry.rule)
    except (SQLAlchemyError, MadoguchiError) as refused:
        log.error("case %s could not be erased: %s", entry.case.id, type(refused).__name__)
        return False
    return True


def _due(session: Session, case: Case) -> Due:
    try:
        definition = versions.load(session, sheets.latest(session, case.id).version)
    except NotFound:
        return Due(case, "delete", "no answers")
    rule = definition.retention
    action: Action = "delete" if rule is None else rule.then
    return Due(case, action, f"{definition.slug}@{definition.version[:8]}:{case.outcome or '-'}")


def _delete(session: Session, case: Case, actor: Actor, rule: str) -> None:
    _bury_bytes(session, case)
    _forget_proofs(session, case)
    case_id = case.id
    corrections = select(Correction.id).where(Correction.case_id == case_id)
    session.execute(delete(CorrectionItem).where(CorrectionItem.correction_id.in_(corrections)))
    session.execute(delete(Correction).where(Correction.case_id == case_id))
    session.execute(delete(AnswerSheet).where(AnswerSheet.case_id == case_id))
    session.execute(delete(Submission).where(Submission.case_id == case_id))
    session.execute(update(StoredFile).where(StoredFile.draft_id.in_(_drafts(case_id))).values(draft_id=None))
    session.execute(delete(Draft).where(Draft.submitted_case_id == case_id))
    session.execute(delete(CaseGram).where(CaseGram.case_id == case_id))
    session.delete(case)
    _note(session, actor, "retention.delete", case_id, rule)


def _anonymise(session: Session, case: Case, actor: Actor, rule: str) -> None:
    _bury_bytes(session, case)
    _forget_proofs(session, case)
    for sheet in sheets.all_of(session, case.id):
        definition = versions.load(session, sheet.version)
        sheet.answers, sheet.provenance = statistical(definition, sheet.answers), {}
        sheet.erased_at = clock.now()
    for correction in session.scalars(select(Correction).where(Correction.case_id == case.id)):
        correction.reason, correction.answers = None, {}
        for item in correction.items:
            item.note, item.before, item.after = None, None, None
    for table in (CaseMessage, CaseNote, CaseOpinion, CaseDecision, CaseDocument, CaseRegistration):
        session.execute(delete(table).where(table.case_id == case.id))
    session.execute(delete(CaseGram).where(CaseGram.case_id == case.id))
    session.execute(delete(Submission).where(Submission.case_id == case.id))
    for event in session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.id)):
        event.actor_label, event.data = "", {}
    case.contact, case.resident_id, case.redacted_at = {}, None, clock.now()
    timeline.record(session, case, "redacted", actor, public=True)
    _note(session, actor, "retention.anonymise", case.id, rule)


def statistical(definition: Definition, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that tell nothing about a person: choices and numbers that are not marked personal."""
    return {
        key: value
        for key, value in answers.items()
        if (question := definition.fields.get(key)) is not None
        and question.type in STATISTICAL
        and not question.personal
        and not question.sensitive
    }


def _forget_proofs(session: Session, case: Case) -> None:
    """A signature holds the whole signed document; a shield says why somebody had to be protected."""
    for table in (Signature, AccessShield):
        session.execute(delete(table).where(table.case_id == case.id))


def _bury_bytes(session: Session, case: Case) -> None:
    for row in session.scalars(select(StoredFile).where(StoredFile.case_id == case.id)):
        row.case_id, row.draft_id = None, None
        row.removed_at = row.removed_at or clock.now()
    for document in session.scalars(select(CaseDocument).where(CaseDocument.case_id == case.id)):
        files.bury(session, document.storage_key)
    session.flush()


def _drafts(case_id: int) -> Any:
    return select(Draft.id).where(Draft.submitted_case_id == case_id)


def _note(session: Session, actor: Actor, action: str, case_id: int, rule: str) -> None:
    audit(session, actor, action, object_kind="case", object_id=case_id, details={"rule": rule})
