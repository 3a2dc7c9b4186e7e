"""Conditions become plain functions once; evaluating them then costs a few calls."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from webapp.calendar.months import age_on
from webapp.conditions.dates import DayScope, Rows, as_day, compile_day
from webapp.conditions.model import DAYS, NUMERIC, Condition

Test = Callable[["Scope", Rows], bool]
Value = Callable[["Scope", Rows], Any]

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "at_least": operator.ge, "at_most": operator.le, "more_than": operator.gt, "less_than": operator.lt,
    "on_or_after": operator.ge, "on_or_before": operator.le, "after": operator.gt, "before": operator.lt,
}  # fmt: skip


class Scope(DayScope, Protocol):
    """What a condition may ask about; ``answers`` holds visible answers only."""

    @property
    def answers(self) -> Mapping[str, Any]: ...
    @property
    def channel(self) -> str: ...
    def fact(self, name: str) -> Any: ...
    def shared(self, name: str) -> bool: ...
    def fee_total(self) -> int | None: ...


def compile_condition(condition: Condition) -> Test:
    """Turn ``condition`` into a function of a scope and the rows it stands in."""
    if condition.all is not None:
        tests = [compile_condition(c) for c in condition.all]
        return lambda scope, rows: all(test(scope, rows) for test in tests)
    if condition.any is not None:
        tests = [compile_condition(c) for c in condition.any]
        return lambda scope, rows: any(test(scope, rows) for test in tests)
    if condition.not_ is not None:
        inner = compile_condition(condition.not_)
        return lambda scope, rows: not inner(scope, rows)
    if condition.shared is not None:
        name = condition.shared
        return lambda scope, rows: scope.shared(name)
    if condition.channel is not None:
        channels = frozenset(condition.channel)
        return lambda scope, rows: scope.channel in channels
    return _compile_comparison(condition, _compile_subject(condition))


def reader(path: str) -> Value:
    """Read ``kind``, ``address.city``, ``.relation`` (this row) or ``..x`` (outer row)."""
    name = path.lstrip(".")
    depth = len(path) - len(name)
    first, _, part = name.partition(".")

    def read(scope: Scope, rows: Rows) -> Any:
        if depth > len(rows):
            return None
        holder: Mapping[str, Any] = rows[-depth] if depth else scope.answers
        value = holder.get(first)
        if isinstance(value, dict):
            if "_raw" in value:
                return None
            return value.get(part) or None if part else value
        return None if part or value in ("", [], None) else value

    return read


def rows_of(path: str) -> Callable[[Scope, Rows], list[dict[str, Any]]]:
    """Return a function that lists the rows of a repeating group."""
    read = reader(path)

    def rows(scope: Scope, outer: Rows) -> list[dict[str, Any]]:
        value = read(scope, outer)
        return value if isinstance(value, list) else []

    return rows


def number(value: Any) -> Decimal | None:
    """Read a stored number; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _compile_subject(condition: Condition) -> Value:
    if condition.field is not None:
        return reader(condition.field)
    if condition.person is not None:
        fact = condition.person
        return lambda scope, rows: scope.fact(fact)
    if condition.date is not None:
        return compile_day(condition.date, reader)  # type: ignore[arg-type]
    if condition.age is not None:
        return _compile_age(condition)
    if condition.count is not None:
        return _compile_count(condition)
    if condition.sum is not None:
        return _compile_sum(condition.sum, condition.by)
    return lambda scope, rows: scope.fee_total()


def _compile_age(condition: Condition) -> Value:
    read = reader(condition.age or "")
    day_of = compile_day(condition.on or "today", reader)  # type: ignore[arg-type]
    eve = timedelta(days=1 if condition.counted == "eve" else 0)

    def age(scope: Scope, rows: Rows) -> int | None:
        birth, day = as_day(read(scope, rows)), day_of(scope, rows)
        return None if birth is None or day is None else age_on(birth, day + eve)

    return age


def _compile_count(condition: Condition) -> Value:
    path = condition.count or ""
    rows_at = rows_of(path)
    where = compile_condition(condition.where) if condition.where else None

    def count(scope: Scope, outer: Rows) -> int:
        rows = rows_at(scope, outer)
        return len(rows) if where is None else sum(1 for row in rows if where(scope, (*outer, row)))

    return count


def _compile_sum(column: str, by: str | None) -> Value:
    group, _, key = column.rpartition(".")
    rows_at = rows_of(group)
    by_key = by.rpartition(".")[2] if by else None

    def total(scope: Scope, outer: Rows) -> Decimal:
        sums: dict[Any, Decimal] = {}
        for row in rows_at(scope, outer):
            kind = row.get(by_key) if by_key else None
            sums[str(kind)] = sums.get(str(kind), Decimal(0)) + (number(row.get(key)) or 0)
        return max(sums.values(), default=Decimal(0))

    return total


def _compile_comparison(condition: Condition, subject: Value) -> Test:
    name = condition.comparison
    wanted = getattr(condition, name)
    if name in NUMERIC:
        return _numeric(subject, COMPARE[name], Decimal(str(wanted)))
    if name in DAYS:
        return _days(subject, COMPARE[name], compile_day(wanted, reader))  # type: ignore[arg-type]
    if name == "open_day":
        return _open_day(subject, wanted)
    if name == "answered":
        return lambda scope, rows: (subject(scope, rows) is not None) is wanted
    if name == "includes":
        return lambda scope, rows: wanted in (subject(scope, rows) or ())
    if name == "same_as":
        other = reader(wanted)
        return lambda scope, rows: (value := subject(scope, rows)) is not None and value == other(scope, rows)
    return _membership(name, wanted, subject)


def _membership(name: str, wanted: Any, subject: Value) -> Test:
    values = wanted if isinstance(wanted, list) else [wanted]
    positive = name in ("is_", "in_")

    def test(scope: Scope, rows: Rows) -> bool:
        value = subject(scope, rows)
        if isinstance(value, frozenset):
            return (not value.isdisjoint(values)) is positive
        return value is not None and (value in values) is positive

    return test


def _numeric(subject: Value, compare: Callable[[Any, Any], bool], wanted: Decimal) -> Test:
    def test(scope: Scope, rows: Rows) -> bool:
        value = number(subject(scope, rows))
        return value is not None and compare(value, wanted)

    return test


def _days(subject: Value, compare: Callable[[Any, Any], bool], wanted: Any) -> Test:
    def test(scope: Scope, rows: Rows) -> bool:
        value = subject(scope, rows)
        day = value if isinstance(value, date) else as_day(value)
        limit = wanted(scope, rows)
        return day is not None and limit is not None and compare(day, limit)

    return test


def _open_day(subject: Value, wanted: bool) -> Test:
    def test(scope: Scope, rows: Rows) -> bool:
        value = subject(scope, rows)
        day = value if isinstance(value, date) else as_day(value)
        return day is not None and scope.calendar.is_open(day) is wanted

    return test
