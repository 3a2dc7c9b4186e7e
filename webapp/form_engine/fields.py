"""The kinds of question a page may ask; one model per ``type``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from webapp.conditions.dates import STRICT, DayExpression, Span
from webapp.conditions.model import Condition
from webapp.yaml_source import Text

KEY = re.compile(r"[a-z][a-z0-9_]*")
RESERVED = ("id", "rows", "today", "decided")
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PersonPart = Literal["name", "name_kana", "birth", "address", "postal", "tel", "email"]


class Strict(BaseModel):
    """Unknown keys are mistakes; definitions never change once loaded."""

    model_config = STRICT


class Check(Strict):
    """A rule of its own: when ``fail_if`` holds, ``message`` says what to do."""

    key: str
    fail_if: Condition
    message: Text
    at: str | None = None

    @field_validator("key")
    @classmethod
    def _plain_key(cls, key: str) -> str:
        return plain_key(key)


class Prefill(Strict):
    """Where an answer is known already; ``lock`` keeps the card's, ``differ`` says when it may differ."""

    from_: PersonPart = Field(alias="from")
    lock: Literal["card"] | None = None
    differ: Literal["forbidden", "with_reason"] | None = None
    reason_in: str | None = None

    @model_validator(mode="after")
    def _reason(self) -> Prefill:
        if (self.differ == "with_reason") != (self.reason_in is not None):
            raise ValueError(
                "differ: with_reason and reason_in go together | name the field that asks for the reason"
            )
        return self


class Question(Strict):
    """What every kind of question has."""

    key: str
    label: Text
    hint: Text | None = None
    help: Text | None = None
    example: str | None = None
    reading: str | None = None
    required: bool | Condition = True
    show_if: Condition | None = None
    prefill: Prefill | None = None
    autocomplete: str | None = None
    personal: bool | None = None
    sensitive: bool = False
    ask_for: Literal["apply", "examine", "import"] = "apply"
    checks: list[Check] = []
    messages: dict[Literal["required", "wrong"], Text] = {}
    note: str | None = None

    @field_validator("key")
    @classmethod
    def _plain_key(cls, key: str) -> str:
        return plain_key(key)


class TextField(Question):
    """One line, stored exactly as typed."""

    type: Literal["text"]
    min_length: int | None = Field(None, ge=1)
    max_length: int = Field(200, ge=1)
    only: Literal["digits", "letters_digits"] | None = None
    length: int | None = Field(None, ge=1)


class TextArea(Question):
    """Several lines, stored exactly as typed."""

    type: Literal["textarea"]
    max_length: int = Field(2000, ge=1)
    lines: int = Field(5, ge=2, le=30)


class Kana(Question):
    """Full-width katakana; half-width and hiragana are converted."""

    type: Literal["kana"]
    max_length: int = Field(200, ge=1)


class Integer(Question):
    """A whole number."""

    type: Literal["integer"]
    min: int | None = None
    max: int | None = None
    unit: Text | None = None


class DecimalField(Question):
    """A number with decimals, kept as exact text."""

    type: Literal["decimal"]
    min: float | None = None
    max: float | None = None
    places: int = Field(2, ge=1, le=6)
    unit: Text | None = None


class Money(Question):
    """An amount in yen."""

    type: Literal["money"]
    min: int = 0
    max: int | None = None


class ApplyBy(Strict):
    """The last moment to apply for the day that is answered, counted back from it."""

    minus: Span
    day: int | None = Field(None, ge=1, le=31)
    roll: Literal["forward", "back"] | None = None
    until: str = "24:00"

    @field_validator("until")
    @classmethod
    def _clock_time(cls, value: str) -> str:
        return clock_time(value)


class DayLimit(Strict):
    """A limit for a date that holds only under a condition, with a message of its own."""

    if_: Condition | None = Field(None, alias="if")
    earliest: DayExpression | None = None
    latest: DayExpression | None = None
    apply_by: ApplyBy | None = None
    weekdays: list[Weekday] | None = Field(None, min_length=1)
    message: Text | None = None

    @model_validator(mode="after")
    def _something(self) -> DayLimit:
        if not (self.earliest or self.latest or self.apply_by or self.weekdays):
            raise ValueError("a limit needs earliest, latest, apply_by or weekdays | write one of them")
        return self


class Date(Question):
    """A day, from three boxes; era years such as 令和7 are understood."""

    type: Literal["date"]
    earliest: DayExpression | None = None
    latest: DayExpression | None = None
    apply_by: ApplyBy | None = None
    limits: list[DayLimit] = []
    open_days_only: bool = False


class Month(Question):
    """A month, from two boxes."""

    type: Literal["month"]
    earliest: DayExpression | None = None
    latest: DayExpression | None = None
    apply_by: ApplyBy | None = None
    limits: list[DayLimit] = []


class Year(Question):
    """A year; era years are understood."""

    type: Literal["year"]
    min: int | None = None
    max: int | None = None


class Time(Question):
    """A time of day."""

    type: Literal["time"]
    earliest: str | None = None
    latest: str | None = None

    @field_validator("earliest", "latest")
    @classmethod
    def _clock_time(cls, value: str | None) -> str | None:
        return None if value is None else clock_time(value)


class Postal(Question):
    """A postal code, seven digits."""

    type: Literal["postal"]


class Address(Question):
    """An address in parts; the building may stay empty."""

    type: Literal["address"]
    without: list[Literal["postal", "building"]] = []


class Tel(Question):
    """A telephone number."""

    type: Literal["tel"]


class Email(Question):
    """A mail address."""

    type: Literal["email"]


class Option(Strict):
    """One choice. ``value`` is stored and never changes; ``label`` may."""

    value: str
    label: Text
    hint: Text | None = None
    show_if: Condition | None = None

    @field_validator("value")
    @classmethod
    def _plain_value(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", value):
            raise ValueError(
                f"value {value!r} is stored, so it must be plain | use small letters, digits and _"
            )
        return value


class FiscalYears(Strict):
    """The last ``count`` fiscal years; the newest appears on ``newest_from`` (month-day)."""

    count: int = Field(2, ge=1, le=20)
    newest_from: str = "04-01"

    @field_validator("newest_from")
    @classmethod
    def _month_day(cls, value: str) -> str:
        return month_day(value)


class OptionSource(Strict):
    """Choices that are computed instead of written."""

    fiscal_years: FiscalYears


class Choice(Question):
    """What radio, select and multiselect share."""

    options: list[Option] = []
    options_from: OptionSource | None = None

    @model_validator(mode="after")
    def _choices(self) -> Choice:
        if bool(self.options) == (self.options_from is not None):
            raise ValueError(f"{self.key!r} needs options | write options: with at least one value and label")
        values = [option.value for option in self.options]
        for value in values:
            if values.count(value) > 1:
                raise ValueError(
                    f"option {value!r} of {self.key!r} stands twice | give each option its own value"
                )
        return self


class Radio(Choice):
    """One of a few choices."""

    type: Literal["radio"]


class Select(Choice):
    """One of many choices."""

    type: Literal["select"]


class MultiSelect(Choice):
    """Any number of choices."""

    type: Literal["multiselect"]
    min: int | None = Field(None, ge=1)
    max: int | None = Field(None, ge=1)


class Checkbox(Question):
    """A box to tick; where it is required it must be ticked."""

    type: Literal["checkbox"]


class Later(Strict):
    """The paper may follow after the application."""

    within: Span
    remind: Span | None = None


class File(Question):
    """Papers and photographs."""

    type: Literal["file"]
    allow: list[Literal["pdf", "image", "office", "text"]] = ["pdf", "image"]
    min_files: int = Field(1, ge=1, le=30)
    max_files: int = Field(3, ge=1, le=30)
    max_mb: int = Field(10, ge=1, le=100)
    later: Later | None = None
    original: Text | None = None
    shared: bool = False

    @model_validator(mode="after")
    def _counts(self) -> File:
        if self.min_files > self.max_files:
            raise ValueError(f"min_files is more than max_files in {self.key!r} | raise max_files")
        return self


class Place(Question):
    """A point on the map, as latitude and longitude, and a note in words."""

    type: Literal["place"]


class Group(Question):
    """A block of questions that repeats; rows have ids that stay."""

    type: Literal["group"]
    row: Text
    add: Text | None = None
    min_rows: int = Field(0, ge=0)
    max_rows: int = Field(10, ge=1, le=100)
    fields: list[AnyField] = Field(min_length=1)

    @model_validator(mode="after")
    def _limits(self) -> Group:
        if self.min_rows > self.max_rows:
            raise ValueError(f"min_rows is more than max_rows in {self.key!r} | raise max_rows")
        return self


AnyField = Annotated[
    TextField | TextArea | Kana | Integer | DecimalField | Money | Date | Month | Year | Time | Postal
    | Address | Tel | Email | Radio | Select | MultiSelect | Checkbox | File | Place | Group,
    Field(discriminator="type"),
]  # fmt: skip


def walk_fields(fields: list[AnyField], prefix: str = "") -> Iterator[tuple[str, AnyField]]:
    """Yield every field with its plain path (``household.name``), groups before their columns."""
    for field in fields:
        yield prefix + field.key, field
        if isinstance(field, Group):
            yield from walk_fields(field.fields, f"{prefix}{field.key}.")


def plain_key(key: str) -> str:
    """Return ``key`` if it can be stored for ever; raises ValueError."""
    if key in RESERVED:
        raise ValueError(f"key {key!r} is used by the counter itself | choose another word")
    if not KEY.fullmatch(key):
        raise ValueError(
            f"key {key!r} is not plain | use small letters, digits and _, beginning with a letter"
        )
    return key


def clock_time(value: str) -> str:
    """Return ``value`` if it is a time such as 15:00 (24:00 allowed); raises ValueError."""
    if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d|24:00", value):
        raise ValueError(f"{value!r} is no time of day | write for example '15:00'")
    return value.zfill(5)


def month_day(value: str) -> str:
    """Return ``value`` if it is a month and day such as 04-01; raises ValueError."""
    if not re.fullmatch(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", value):
        raise ValueError(f"{value!r} is no month and day | write for example '04-01'")
    return value


Group.model_rebuild()
