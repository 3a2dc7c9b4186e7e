"""What follows a decision: duties (reports, renewals) and registrations named by the definition."""

from __future__ import annotations

from sqlalchemy.orm import Session

from webapp import clock
from webapp.applications.review import Examined, context_of
from webapp.audit import Actor
from webapp.calendar.business import BusinessCalendar
from webapp.casework import duties, thread
from webapp.casework import registrations as registered
from webapp.casework.models import Case, CaseDuty
from webapp.errors import IllegalStep
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


def say_done(session: Session, case: Case, duty: CaseDuty, actor: Actor) -> None:
    """The resident says that a duty is done: a message to the office, which looks and confirms.

    Raises IllegalStep when it is confirmed already.
    """
    if duty.done_at is not None:
        raise IllegalStep("say_done", state="done", say="この提出は確認済みです。")
    thread.post(session, case, f"「{duty.label.get('ja')}」が済みました。", actor)


def fulfilled_by(session: Session, case: Case, actor: Actor) -> None:
    """An application that is the report or renewal of an earlier case: the nearest such duty is done."""
    if case.resident_id is None:
        return
    for duty, earlier in duties.done_by(session, case.resident_id, case.slug)[:1]:
        duties.fulfil(session, earlier, duty, actor)


def register(session: Session, case: Case, seen: Examined, calendar: BusinessCalendar, actor: Actor) -> None:
    """Write what the accepted answers make the applicant (``registrations`` of the definition)."""
    for rule in registrations(seen.definition, seen.outcome.answers, context_of(case, calendar)):
        registered.begin(session, case, rule.key, rule.label.model_dump(exclude_none=True), actor)
