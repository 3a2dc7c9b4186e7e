"""Papers that may follow later: duties of the case, reminded before they are due."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.audit import Actor
from webapp.casework import duties
from webapp.casework.models import Case, CaseDuty
from webapp.form_engine.outcome import Outcome

KIND = "attachment"


def note(session: Session, case: Case, outcome: Outcome, actor: Actor) -> list[CaseDuty]:
    """Write a duty for every paper that was promised for later, due on its day (Tokyo)."""
    return [
        duties.add(
            session,
            case,
            key=paper.path,
            kind=KIND,
            label=paper.label.model_dump(exclude_none=True),
            due_on=paper.owed_until,
            actor=actor,
        )
        for paper in outcome.attachments
        if paper.state == "owed" and paper.owed_until is not None
    ]


def waiting(session: Session, case_id: int) -> list[CaseDuty]:
    """What is still to be handed in, the nearest day first."""
    mine = select(CaseDuty).where(
        CaseDuty.case_id == case_id, CaseDuty.kind == KIND, CaseDuty.done_at.is_(None)
    )
    return list(session.scalars(mine.order_by(CaseDuty.due_on)))
