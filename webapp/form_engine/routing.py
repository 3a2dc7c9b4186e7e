"""Which department receives a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.form_engine.compiled import Compiled
from webapp.form_engine.model import Definition
from webapp.form_engine.situation import Situation


def department(definition: Definition, ready: Compiled, situation: Situation) -> str:
    """The department of the first route that fits; the procedure's own where none does."""
    for route in definition.routing:
        if route.area is not None:
            if is_in(situation.answers.get(route.area), route.towns):
                return route.department
        elif ready.tests[id(route)](situation, ()):
            return route.department
    return definition.department


def is_in(address: Any, towns: list[str]) -> bool:
    """Whether an answered address lies in one of the towns (町域), compared without spaces."""
    if not isinstance(address, Mapping) or "_raw" in address:
        return False
    words = (
        "".join(str(address.get(part, "")) for part in ("town", "block")).replace(" ", "").replace("　", "")
    )
    return any(words.startswith(town) for town in towns)
