"""What follows a decision: reports and renewals named by the definition become duties of the case."""

from __future__ import annotations

from sqlalchemy.orm import Session

from webapp import clock
from webapp.applications.review import Examined, context_of
from webapp.audit import Actor
from webapp.calendar.business import BusinessCalendar
from webapp.casework import duties
from webapp.casework.models import Case, CaseDuty
from webapp.form_engine.duties import duties as duties_of


def note(
    session: Session, case: Case, seen: Examined, calendar: BusinessCalendar, actor: Actor
) -> list[CaseDuty]:
    """Write the duties that these answers and today's decision bring (``follow_ups`` of the definition)."""
    found = duties_of(
        seen.definition, seen.outcome.answers, context_of(case, calendar), decided_on=clock.today()
    )
    return [
        duties.add(
            session,
            case,
            key=f"follow-{duty.key}"[:64],
            kind="renewal" if duty.procedure == seen.definition.slug else "report",
            label=duty.title.model_dump(exclude_none=True),
            due_on=duty.due,
            actor=actor,
        )
        for duty in found
    ]
