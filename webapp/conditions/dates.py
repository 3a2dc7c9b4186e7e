"""Days written in a definition: ``today``, ``2026-04-01``, a field, or one of them moved."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, model_validator

from webapp.calendar.business import BusinessCalendar
from webapp.calendar.months import add_months, last_of_month

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
STRICT = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Span(BaseModel):
    """A length of time in exactly one unit; business_days skip weekends, holidays and closed days."""

    model_config = STRICT

    days: int | None = None
    business_days: int | None = None
    weeks: int | None = None
    months: int | None = None
    years: int | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> Span:
        if len(self.model_fields_set) != 1:
            raise ValueError("a length of time needs exactly one unit | write for example days: 7")
        return self


class MovedDay(BaseModel):
    """A day counted from another one; steps are taken in this order: plus, minus, day, roll."""

    model_config = STRICT

    of: str
    plus: Span | None = None
    minus: Span | None = None
    day: int | Literal["last"] | None = None
    roll: Literal["forward", "back"] | None = None

    @model_validator(mode="after")
    def _real_day(self) -> MovedDay:
        if isinstance(self.day, int) and not 1 <= self.day <= 31:
            raise ValueError(f"day: {self.day} is no day of a month | write 1 to 31, or last")
        _check_day_text(self.of)
        return self


DayExpression = str | MovedDay


class DayScope(Protocol):
    """What a day may depend on."""

    @property
    def today(self) -> date: ...
    @property
    def calendar(self) -> BusinessCalendar: ...


Rows = tuple[dict[str, object], ...]
DayOf = Callable[[DayScope, Rows], date | None]
Read = Callable[[DayScope, Rows], object]


def compile_day(expression: DayExpression, reader: Callable[[str], Read]) -> DayOf:
    """Return a function that finds the day; None where an answer it needs is missing."""
    if isinstance(expression, str):
        return _compile_start(expression, reader)
    start = _compile_start(expression.of, reader)

    def moved(scope: DayScope, rows: Rows) -> date | None:
        day = start(scope, rows)
        return None if day is None else move(day, expression, scope.calendar)

    return moved


def move(day: date, expression: MovedDay, calendar: BusinessCalendar) -> date:
    """Apply the steps of ``expression`` to ``day``."""
    if expression.plus:
        day = shift(day, expression.plus, 1, calendar)
    if expression.minus:
        day = shift(day, expression.minus, -1, calendar)
    if expression.day == "last":
        day = last_of_month(day)
    elif expression.day is not None:
        day = day.replace(day=min(expression.day, last_of_month(day).day))
    if expression.roll == "forward":
        return calendar.roll_forward(day)
    return calendar.roll_back(day) if expression.roll == "back" else day


def shift(day: date, span: Span, sign: int, calendar: BusinessCalendar) -> date:
    """Move ``day`` by ``span``, forward (1) or back (-1)."""
    if span.business_days is not None:
        return calendar.add_business_days(day, sign * span.business_days)
    if span.months is not None:
        return add_months(day, sign * span.months)
    if span.years is not None:
        return add_months(day, sign * span.years * 12)
    return day + sign * timedelta(days=span.days or 0, weeks=span.weeks or 0)


def fields_of_day(expression: DayExpression | None) -> list[str]:
    """The field a day depends on, if any."""
    if expression is None:
        return []
    start = expression if isinstance(expression, str) else expression.of
    return [] if start == "today" or ISO_DAY.fullmatch(start) else [start]


def as_day(value: object) -> date | None:
    """Read a stored date, or a month as its first day; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value if len(value) > 7 else f"{value}-01")
    except ValueError:
        return None


def _compile_start(start: str, reader: Callable[[str], Read]) -> DayOf:
    if start == "today":
        return lambda scope, rows: scope.today
    if ISO_DAY.fullmatch(start):
        fixed = date.fromisoformat(start)
        return lambda scope, rows: fixed
    read = reader(start)
    return lambda scope, rows: as_day(read(scope, rows))


def _check_day_text(text: str) -> None:
    if text[:1].isdigit():
        try:
            date.fromisoformat(text)
        except ValueError:
            raise ValueError(
                f"{text!r} is no day | write a day such as 2026-04-01, today, or a field's key"
            ) from None
