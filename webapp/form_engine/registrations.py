"""What an accepted application makes its applicant (利用登録)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.form_engine.compiled import compiled
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context
from webapp.form_engine.rules_model import Registration
from webapp.form_engine.situation import Situation


def registrations(definition: Definition, answers: Mapping[str, Any], context: Context) -> list[Registration]:
    """Return what these answers give once they are accepted. ``answers`` are visible ones."""
    ready = compiled(definition)
    situation = Situation(context, ready.shared)
    situation.answers = dict(answers)
    return [
        rule for rule in definition.registrations if rule.if_ is None or ready.tests[id(rule)](situation, ())
    ]
