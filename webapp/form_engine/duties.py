"""What an applicant has to do afterwards: reports, renewals, visits, with their days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from webapp.conditions.compile import reader
from webapp.conditions.dates import MovedDay, compile_day, fields_of_day, shift
from webapp.form_engine.compiled import compiled
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context
from webapp.form_engine.rules_model import FollowUp
from webapp.form_engine.situation import Situation
from webapp.yaml_source import Text


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing to do later; ``procedure`` is the slug where it can be done online."""

    key: str
    title: Text
    due: date
    remind_on: date | None = None
    text: Text | None = None
    procedure: str | None = None


def duties(
    definition: Definition, answers: Mapping[str, Any], context: Context, decided_on: date | None = None
) -> list[Duty]:
    """Return the duties that these answers bring. ``answers`` are visible ones (``Outcome.answers``).

    Duties that count from the decision are left out until ``decided_on`` (Tokyo) is known.
    """
    ready = compiled(definition)
    situation = Situation(context, ready.shared)
    situation.answers = dict(answers)
    if decided_on is not None:
        situation.answers["decided"] = decided_on.isoformat()
    return list(_duties(definition, ready.tests, situation))


def _duties(definition: Definition, tests: Mapping[int, Any], situation: Situation) -> Iterator[Duty]:
    for rule in definition.follow_ups:
        if rule.if_ is not None and not tests[id(rule)](situation, ()):
            continue
        due = _due(rule, situation)
        if due is not None:
            remind = shift(due, rule.remind, -1, situation.calendar) if rule.remind else None
            yield Duty(rule.key, rule.title, due, remind, rule.text, rule.procedure)


def _due(rule: FollowUp, situation: Situation) -> date | None:
    if "decided" in fields_of_day(rule.due) and "decided" not in situation.answers:
        return None
    expression: str | MovedDay = rule.due
    return compile_day(expression, reader)(situation, ())  # type: ignore[arg-type]
