"""個人番号 never enters: not into a case, not into a draft, not into a log (番号法19条, 20条)."""

from collections.abc import Mapping
from typing import Any

from webapp.errors import InvalidInput
from webapp.form_engine import guard
from webapp.form_engine.model import Definition


def found(definition: Definition, answers: Mapping[str, Any]) -> list[str]:
    """The paths of answers that hold something with the form and check digit of an 個人番号."""
    return list(guard.find(definition, answers))


def refuse(definition: Definition, answers: Mapping[str, Any]) -> None:
    """Raise InvalidInput, naming the field, when any answer holds one."""
    paths = found(definition, answers)
    if paths:
        raise InvalidInput(
            "an individual number was typed",
            field=paths[0],
            say="マイナンバー（個人番号）は書かないでください。書いた番号は保存していません。",
        )
