"""What the engine says about a set of answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from webapp.calendar.business import BusinessCalendar, city_hall
from webapp.form_engine.fields import AnyField, Option
from webapp.form_engine.model import Page
from webapp.form_engine.rules_model import LEVELS, Level
from webapp.yaml_source import Text

Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Person:
    """Who is signed in, as far as identity and profile know; ``sources`` says from where: card or profile."""

    level: Level = "none"
    name: str | None = None
    name_kana: str | None = None
    birth: date | None = None
    address: Mapping[str, str] | None = None
    tel: str | None = None
    email: str | None = None
    is_resident_of_city: bool | None = None
    kind: Literal["person", "group"] = "person"
    acts_for: str | None = None
    registered: frozenset[str] = frozenset()
    """Keys of the registrations that accepted applications gave and that still hold."""
    sources: Mapping[str, str] = field(default_factory=dict)

    def reaches(self, level: Level) -> bool:
        """Whether the person is known at least this strongly."""
        return LEVELS.index(self.level) >= LEVELS.index(level)


@dataclass(frozen=True)
class Context:
    """Everything outside the answers that may matter. ``today`` and ``now`` are Asia/Tokyo."""

    today: date
    now: datetime
    person: Person | None = None
    channel: str = "web"
    calendar: BusinessCalendar = field(default_factory=city_hall)
    budget_left: int | None = None
    """What is left of the definition's budget this 年度, in yen; None where nobody looked."""


@dataclass(frozen=True, slots=True)
class FieldState:
    """One question in this situation. ``path`` is a form input name, ``field`` the question's model."""

    path: str
    field: AnyField
    page: str
    visible: bool
    required: bool = False
    options: tuple[Option, ...] = ()
    readonly: bool = False
    readonly_reason: Text | None = None
    hint: Text | None = None
    earliest: date | None = None
    latest: date | None = None
    row: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class PageState:
    """A visible page and the paths of its visible questions, in order, rows of groups included."""

    key: str
    title: Text
    lead: Text | None
    fields: tuple[str, ...]
    page: Page


@dataclass(frozen=True, slots=True)
class Stop:
    """It cannot be done here: why, and what to do instead; ``at`` is the page where it shows."""

    key: str
    reason: Text
    instead: Text
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know; ``at`` is a page or field."""

    key: str
    text: Text
    tone: str = "info"
    at: str | None = None


@dataclass(frozen=True, slots=True)
class FeeLineAmount:
    """One explained line, in yen; ``unit_yen`` is None where there is no simple unit price."""

    key: str
    label: Text
    quantity: int
    unit_yen: int | None
    amount_yen: int
    citation: str | None
    tax_class: str


@dataclass(frozen=True, slots=True)
class Fee:
    """What is to be paid; with ``after_review`` staff fix it and ``total`` is an estimate or None."""

    lines: tuple[FeeLineAmount, ...]
    total: int | None
    after_review: bool = False
    later: bool = False
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class AttachmentState:
    """A paper: given, missing, to follow (``owed_until``), and whether the original must come too."""

    path: str
    label: Text
    state: Literal["given", "missing", "owed", "optional"]
    owed_until: date | None = None
    original: Text | None = None


@dataclass(frozen=True)
class Outcome:
    """The whole picture for one set of answers; ``answers`` holds visible answers only."""

    pages: tuple[PageState, ...]
    fields: Mapping[str, FieldState]
    answers: Answers
    stops: tuple[Stop, ...] = ()
    notices: tuple[Notice, ...] = ()
    fee: Fee | None = None
    benefit: Fee | None = None
    attachments: tuple[AttachmentState, ...] = ()
    level: Level = "none"
    department: str = ""

    def page(self, key: str) -> PageState | None:
        """The visible page ``key``."""
        return next((page for page in self.pages if page.key == key), None)

    def after(self, key: str) -> PageState | None:
        """The next visible page after ``key``; None after the last."""
        keys = [page.key for page in self.pages]
        position = keys.index(key) + 1 if key in keys else 0
        return self.pages[position] if position < len(self.pages) else None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend: where, which kind, and what the message needs to know."""

    path: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One answer as people read it. ``heading`` names the row of a repeating group it belongs to."""

    path: str
    label: str
    text: str
    kind: str
    value: Any
    page: str = ""
    heading: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """The answers of one page."""

    title: str
    rows: tuple[Row, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What a correction changed, as people read it."""

    path: str
    label: str
    before: str
    after: str
