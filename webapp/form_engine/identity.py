"""How strongly the sender must be known, as a table of person and channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.form_engine.model import Definition
from webapp.form_engine.rules_model import IdentityRow, Level


def required_level(definition: Definition, answers: Mapping[str, Any], channel: str) -> Level:
    """The level this person needs through this channel; at the counter staff see the papers."""
    row = row_for(definition, answers, channel)
    return row.level if row else definition.identity.level if channel in ("web", "line") else "none"


def row_for(definition: Definition, answers: Mapping[str, Any], channel: str) -> IdentityRow | None:
    """The first line of the table that fits; None where the general level holds."""
    who = answers.get(definition.identity.asked_in) if definition.identity.asked_in else None
    for row in definition.identity.table:
        if row.channel is not None and channel not in row.channel:
            continue
        if row.who is None or who in row.who:
            return row
    return None
