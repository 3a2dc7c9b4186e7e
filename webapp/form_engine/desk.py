"""What is known while a definition is read, and finding the question that a name means."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from webapp.form_engine.fields import AnyField
from webapp.form_engine.model import Definition
from webapp.yaml_source import Complaint, Source

Where = tuple[str | int, ...]
NUMBERS = ("integer", "decimal", "money", "year")
DATES = ("date", "month")
ADDRESS_PARTS = ("postal", "prefecture", "city", "town", "block", "building")


@dataclass
class Desk:
    """What is known while the definition is read from top to bottom."""

    definition: Definition
    source: Source
    order: dict[str, int]
    complaints: list[Complaint]

    def complain(self, where: Where, what: str, instead: str) -> None:
        self.complaints.append(self.source.complain(where, what, instead))


def exists(
    desk: Desk, path: str, where: Where, before: int | None, prefix: str, column: bool = False
) -> AnyField | None:
    known = desk.definition.fields
    full = resolve(path, prefix)
    field = known.get(full)
    if field is None:
        head, _, part = full.rpartition(".")
        if head in known and known[head].type == "address" and part in ADDRESS_PARTS:
            return _in_order(desk, known[head], head, where, before)
        if full in [page.key for page in desk.definition.pages]:
            desk.complain(where, f"{path!r} is a page, not a question", "name a question of it")
        else:
            dotted = (
                " (in a group, the same row's question is written with a dot: .name)"
                if f"{prefix}{path}" in known
                else ""
            )
            desk.complain(where, f"there is no question {path!r}{dotted}", near(path, known))
        return None
    if "." in full and not path.startswith(".") and not column:
        desk.complain(
            where,
            f"{path!r} stands in a group and has many answers",
            "use count with where, or sum; inside the group write a dot first",
        )
        return None
    return _in_order(desk, field, full, where, before)


def _in_order(desk: Desk, field: AnyField, path: str, where: Where, before: int | None) -> AnyField | None:
    if before is not None and desk.order[path] >= before:
        desk.complain(
            where,
            f"{path!r} comes later than the question that depends on it",
            f"move {path!r} up, or depend on an earlier question",
        )
        return None
    return field


def resolve(path: str, prefix: str) -> str:
    """The plain path of a written one: one dot for the same row, two for the row around it."""
    name = path.lstrip(".")
    dots = len(path) - len(name)
    if not dots:
        return name
    rows = prefix.rstrip(".").split(".") if prefix else []
    return ".".join([*rows[: len(rows) - dots + 1], name])


def near(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word.lstrip("."), list(known), n=1, cutoff=0.5)
    some = ", ".join(list(known)[:6])
    return f"did you mean {near[0]!r}?" if near else f"use one of: {some}"
