"""What follows a decision: reports and renewals named by the definition become duties of the case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from sqlalchemy.orm import Session

from webapp import clock
from webapp.applications.review import Examined, context_of
from webapp.audit import Actor
from webapp.calendar.business import BusinessCalendar
from webapp.casework import duties
from webapp.casework.models import Case, CaseDuty
from webapp.conditions.compile import reader
from webapp.conditions.dates import compile_day
from webapp.form_engine.compiled import compiled
from webapp.form_engine.situation import Situation


def note(
    session: Session, case: Case, seen: Examined, context_calendar: BusinessCalendar, actor: Actor
) -> list[CaseDuty]:
    """Write the duties that begin today, the day of the decision (``decided`` in the definition)."""
    ready = compiled(seen.definition)
    context = replace(context_of(case, context_calendar), today=clock.today())
    situation = Situation(context, ready.shared)
    situation.answers = {**seen.outcome.answers, "decided": clock.today().isoformat()}
    noted = []
    for rule in seen.definition.follow_ups:
        test = ready.tests.get(id(rule))
        due = compile_day(rule.due, cast(Any, reader))(situation, ())
        if due is None or (test is not None and not test(situation, ())):
            continue
        kind = "renewal" if rule.procedure == seen.definition.slug else "report"
        noted.append(
            duties.add(
                session,
                case,
                key=f"follow-{rule.key}"[:64],
                kind=kind,
                label=rule.title.model_dump(exclude_none=True),
                due_on=due,
                actor=actor,
            )
        )
    return noted
