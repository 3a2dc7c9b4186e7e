"""Paths of answers: ``children[r3].birth`` in answers, ``children.birth`` in a definition."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from webapp.form_engine.fields import AnyField, Group
from webapp.form_engine.model import Definition

STEP = re.compile(r"([a-z][a-z0-9_]*)(?:\[([A-Za-z0-9_-]+)\])?")


def steps(path: str) -> list[tuple[str, str | None]]:
    """``children[r3].birth`` -> ``[("children", "r3"), ("birth", None)]``. Raises ValueError."""
    found = []
    for piece in path.split("."):
        matched = STEP.fullmatch(piece)
        if matched is None:
            raise ValueError(f"no such answer: {path[:80]}")
        found.append((matched[1], matched[2]))
    return found


def plain(path: str) -> str:
    """The path in the definition: ``children[r3].birth`` -> ``children.birth``."""
    return re.sub(r"\[[^\]]*\]", "", path)


def get(answers: Mapping[str, Any], path: str) -> Any:
    """The answer at ``path``, or None."""
    here: Any = answers
    for key, row_id in steps(path):
        here = here.get(key) if isinstance(here, Mapping) else None
        if row_id is not None:
            rows = here if isinstance(here, list) else []
            here = next((row for row in rows if row.get("id") == row_id), None)
    return here


def walk(definition: Definition, answers: Mapping[str, Any]) -> Iterator[tuple[str, AnyField, Any]]:
    """Yield (path, question, answer) for every answer that is there, rows of groups included."""
    for page in definition.pages:
        for field in page.fields:
            yield from _walk(field, field.key, answers.get(field.key))


def _walk(field: AnyField, path: str, value: Any) -> Iterator[tuple[str, AnyField, Any]]:
    if value is None:
        return
    yield path, field, value
    if isinstance(field, Group) and isinstance(value, list):
        for row in value:
            for column in field.fields:
                yield from _walk(column, f"{path}[{row.get('id', '')}].{column.key}", row.get(column.key))
