"""What follows a decision: duties (reports, renewals) and registrations named by the definition."""

from __future__ import annotations

from sqlalchemy.orm import Session

from webapp import clock
from webapp.applications.review import Examined, context_of
from webapp.audit import Actor
from webapp.calendar.business import BusinessCalendar
from webapp.casework import duties
from webapp.casework import registrations as registered
from webapp.casework.models import Case, CaseDuty
from webapp.form_engine.duties import duties as duties_of
from webapp.form_engine.registrations import registrations


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
            text=duty.text.model_dump(exclude_none=True) if duty.text else None,
            due_on=duty.due,
            remind_on=duty.remind_on,
            procedure=duty.procedure,
            actor=actor,
        )
        for duty in found
    ]


def register(session: Session, case: Case, seen: Examined, calendar: BusinessCalendar, actor: Actor) -> None:
    """Write what the accepted answers make the applicant (``registrations`` of the definition)."""
    for rule in registrations(seen.definition, seen.outcome.answers, context_of(case, calendar)):
        registered.begin(session, case, rule.key, rule.label.model_dump(exclude_none=True), actor)
