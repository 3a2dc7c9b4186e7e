"""Answer sheets: what was sent, revision by revision. A sheet is never changed, a new one follows."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.errors import NotFound
from webapp.intake.models import Answers, AnswerSheet, Provenance


def add(
    session: Session, case_id: int, *, version: str, answers: Answers, provenance: Provenance, actor: Actor
) -> AnswerSheet:
    """Write the next revision of a case's answers."""
    last = session.scalar(select(func.max(AnswerSheet.revision)).where(AnswerSheet.case_id == case_id)) or 0
    sheet = AnswerSheet(
        case_id=case_id,
        revision=last + 1,
        version=version,
        answers=answers,
        provenance=provenance,
        submitted_at=clock.now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
    )
    session.add(sheet)
    session.flush()
    return sheet


def latest(session: Session, case_id: int) -> AnswerSheet:
    """The newest revision. Raises NotFound for a case without answers (a plain booking, say)."""
    mine = select(AnswerSheet).where(AnswerSheet.case_id == case_id)
    sheet = session.scalar(mine.order_by(AnswerSheet.revision.desc()).limit(1))
    if sheet is None:
        raise NotFound(f"no answers on case {case_id}")
    return sheet


def all_of(session: Session, case_id: int) -> list[AnswerSheet]:
    """Every revision, the first one first."""
    mine = select(AnswerSheet).where(AnswerSheet.case_id == case_id)
    return list(session.scalars(mine.order_by(AnswerSheet.revision)))


def sent_by(session: Session, case_id: int) -> str | None:
    """The id of the resident who sent the first revision; None for a visitor."""
    first = select(AnswerSheet.actor_id).where(AnswerSheet.case_id == case_id, AnswerSheet.revision == 1)
    return session.scalar(first)
