"""What the macros of templates/components/fields.html need to know about one field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

# value, label, hint
Option = tuple[str, str, str | None]

_INPUT_TYPES = {"tel": "tel", "email": "email", "password": "password", "search": "search", "time": "time"}
_INPUT_MODES = {"integer": "numeric", "decimal": "decimal", "money": "numeric", "postal": "numeric"}
_WIDTHS = {
    **dict.fromkeys(("integer", "decimal", "money", "postal", "time", "year"), "short"),
    "tel": "medium",
}


@dataclass(frozen=True)
class RowView:
    """One row of a repeating group; `id` is the stable row id (`r3`)."""

    id: str
    fields: Sequence[FieldView]
    title: str | None = None


@dataclass(eq=False)  # not frozen: that would triple the time to make the forty of a page
class FieldView:
    """One field as it is drawn; every text is already in the reader's language.

    `id` must be unique on the page and hold only letters, digits, `-` and `_` (see `dom_id`).
    `value` is the stored answer or what was typed: text, list of chosen keys, parts of a date or
    an address, list of files, or `{"_raw": …}` round any of them when it could not be read.
    """

    path: str
    id: str
    name: str
    type: str
    label: str
    hint: str | None = None
    help: str | None = None
    help_title: str | None = None
    required: bool = False
    optional_label: str | None = None
    value: Any = None
    errors: Sequence[str] = ()
    wrong_parts: frozenset[str] = frozenset()
    options: Sequence[Sequence[str | None]] = ()
    provenance: str | None = None
    note: str | None = None
    highlight: bool = False
    readonly: bool = False
    readonly_reason: str | None = None
    autocomplete: str | None = None
    inputmode: str | None = None
    width: str = ""
    unit: str | None = None
    inline: bool = False
    lines: int = 5
    max_length: int | None = None
    lookup: bool = False
    candidates: Sequence[Option] = ()
    eras: bool | None = None
    """Whether a date asks for the era; births do unless told otherwise."""
    rows: Sequence[RowView] = ()
    may_add: bool = True
    may_remove: bool = True
    add_label: str | None = None
    accept: str | None = None
    max_size: int | None = None
    max_files: int | None = None
    limits: str | None = None
    attrs: Mapping[str, str] = field(default_factory=dict)
    button_attrs: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.inputmode = self.inputmode or _INPUT_MODES.get(self.type)
        self.width = self.width or _WIDTHS.get(self.type, "full")

    @property
    def asks_era(self) -> bool:
        if self.eras is not None:
            return self.eras
        return self.autocomplete == "bday" or "birth" in self.path.rsplit(".", 1)[-1]

    @property
    def input_type(self) -> str:
        return _INPUT_TYPES.get(self.type, "text")

    @property
    def typed(self) -> Any:
        """The value without the wrapping that marks it as unreadable."""
        if isinstance(self.value, Mapping) and "_raw" in self.value:
            return self.value["_raw"]
        return self.value

    @property
    def text(self) -> str:
        value = self.typed
        if isinstance(value, (list, tuple)):
            value = value[0] if value else ""
        return "" if value is None or isinstance(value, Mapping) else str(value)

    def part(self, key: str) -> str:
        """One box of a date, month or address, from parts or from `YYYY-MM-DD`."""
        value = self.typed
        if isinstance(value, Mapping):
            found = value.get(key)
            if isinstance(found, (list, tuple)):
                found = found[0] if found else None
            return "" if found is None else str(found)
        if isinstance(value, str) and key in ("year", "month", "day"):
            return _date_boxes(value).get(key, "")
        return ""

    def is_wrong(self, key: str) -> bool:
        return bool(self.errors) and (not self.wrong_parts or key in self.wrong_parts)

    @property
    def option_rows(self) -> list[Option]:
        return [_option(option) for option in self.options]

    def is_chosen(self, value: str) -> bool:
        typed = self.typed
        if isinstance(typed, (list, tuple)):
            return value in typed
        return typed is not None and str(typed) == value

    @property
    def chosen_label(self) -> str:
        return next((label for value, label, _ in self.option_rows if self.is_chosen(value)), self.text)

    @property
    def is_ticked(self) -> bool:
        return self.text.lower() in ("true", "yes", "on", "1")

    @property
    def files(self) -> list[Mapping[str, Any]]:
        value = self.typed
        if not isinstance(value, (list, tuple)):
            return []
        return [item for item in value if isinstance(item, Mapping)]

    @property
    def accepts_more(self) -> bool:
        return self.max_files is None or len(self.files) < self.max_files

    @property
    def is_explained(self) -> bool:
        """Whether anything stands between the label and the control."""
        return bool(self.hint or self.note or self.provenance or self.help or self.readonly_reason)

    @property
    def described_by(self) -> str:
        """Ids of the error, hint and source texts, in the order in which they should be read."""
        if not (self.is_explained or self.errors or self.limits):
            return ""
        parts = [
            ("error", bool(self.errors)),
            ("note", bool(self.note)),
            ("hint", bool(self.hint)),
            ("source", bool(self.provenance)),
            ("locked", self.readonly and bool(self.readonly_reason)),
            ("limits", bool(self.limits) and self.type == "file"),
        ]
        return " ".join(f"{self.id}-{name}" for name, present in parts if present)


@lru_cache(maxsize=4096)
def dom_id(path: str) -> str:
    """`children[r3].name` -> `f-children-r3-name`: usable as an id and in a CSS selector."""
    cleaned = "".join(mark if mark.isalnum() or mark == "_" else "-" for mark in path)
    return "f-" + "-".join(piece for piece in cleaned.split("-") if piece)


def _option(option: Sequence[str | None]) -> Option:
    value, label, hint = [*option, None, None][:3]
    return str(value), str(label if label is not None else value), hint


def _date_boxes(text: str) -> dict[str, str]:
    pieces = text.split("-")
    if len(pieces) not in (2, 3) or not all(piece.isdecimal() for piece in pieces):
        return {"year": text} if text else {}
    return dict(zip(("year", "month", "day"), (piece.lstrip("0") for piece in pieces), strict=False))
