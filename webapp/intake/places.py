"""Reading and writing one answer by its path, rows of repeating groups included (``children[r3].birth``)."""

import re
from typing import Any

from webapp.errors import NotFound

_STEP = re.compile(r"([a-z][a-z0-9_]*)(?:\[([A-Za-z0-9_-]+)\])?")


def steps(path: str) -> list[tuple[str, str | None]]:
    """``children[r3].birth`` -> ``[("children", "r3"), ("birth", None)]``. Raises NotFound for anything else."""
    found = []
    for piece in path.split("."):
        matched = _STEP.fullmatch(piece)
        if matched is None:
            raise NotFound(f"no such answer: {path[:80]}")
        found.append((matched[1], matched[2]))
    return found


def plain(path: str) -> str:
    """The path in the definition: ``children[r3].birth`` -> ``children.birth``."""
    return ".".join(key for key, _ in steps(path))


def top(path: str) -> str:
    """The top-level key a path begins with."""
    return steps(path)[0][0]


def get(answers: dict[str, Any], path: str) -> Any:
    """The answer there, or None."""
    here: Any = answers
    for key, row_id in steps(path):
        here = here.get(key) if isinstance(here, dict) else None
        if row_id is not None:
            here = next((row for row in here or [] if row.get("id") == row_id), None)
    return here


def put(answers: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the answers with this one set; None takes it away. Raises NotFound for a row that is gone."""
    return _put(answers, steps(path), value)


def _put(here: dict[str, Any], way: list[tuple[str, str | None]], value: Any) -> dict[str, Any]:
    (key, row_id), rest = way[0], way[1:]
    if row_id is None:
        return {**{k: v for k, v in here.items() if k != key}, **({} if value is None else {key: value})}
    rows = here.get(key) or []
    if not any(row.get("id") == row_id for row in rows):
        raise NotFound(f"no such row: {key}[{row_id}]")
    return {**here, key: [_put(row, rest, value) if row.get("id") == row_id else row for row in rows]}
