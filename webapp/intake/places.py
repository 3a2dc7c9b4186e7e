"""Reading and writing one answer by its path, rows of repeating groups included (``children[r3].birth``)."""

from typing import Any

from webapp.errors import NotFound
from webapp.form_engine import paths
from webapp.form_engine.paths import plain

__all__ = ["get", "plain", "put", "steps", "top"]


def steps(path: str) -> list[tuple[str, str | None]]:
    """``children[r3].birth`` -> ``[("children", "r3"), ("birth", None)]``. Raises NotFound otherwise."""
    try:
        return paths.steps(path)
    except ValueError as error:
        raise NotFound(str(error)) from None


def top(path: str) -> str:
    """The top-level key a path begins with."""
    return steps(path)[0][0]


def get(answers: dict[str, Any], path: str) -> Any:
    """The answer there, or None. Raises NotFound for what is no path."""
    steps(path)
    return paths.get(answers, path)


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
