"""Keeping decisions: what was decided, with reasons, conditions and the 教示 of that day."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.casework.models import Case, CaseDecision


def keep(
    session: Session,
    case: Case,
    step: str,
    actor: Actor,
    *,
    reasons: str = "",
    conditions: str = "",
    message: str = "",
    instruction: str = "",
) -> CaseDecision:
    """Store a decision; an earlier one that still stands is not touched."""
    decision = CaseDecision(
        case_id=case.id,
        step=step,
        decided_at=clock.now(),
        decided_by=actor.id,
        reasons=reasons,
        conditions=conditions,
        message=message,
        instruction=instruction,
    )
    session.add(decision)
    session.flush()
    return decision


def standing(session: Session, case: Case) -> CaseDecision | None:
    """Return the decision that holds now, if any."""
    query = select(CaseDecision).where(CaseDecision.case_id == case.id, CaseDecision.revoked_at.is_(None))
    return session.scalar(query.order_by(CaseDecision.id.desc()).limit(1))


def revoke(session: Session, case: Case) -> None:
    """Mark the standing decision as overtaken, when a case is opened again; it stays readable."""
    decision = standing(session, case)
    if decision is not None:
        decision.revoked_at = clock.now()


def of_case(session: Session, case: Case) -> list[CaseDecision]:
    """Return every decision there was, oldest first."""
    query = select(CaseDecision).where(CaseDecision.case_id == case.id)
    return list(session.scalars(query.order_by(CaseDecision.id)))
