"""Numbers that fees are counted by."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from webapp.calendar.months import add_months
from webapp.conditions.compile import number, reader
from webapp.conditions.dates import as_day
from webapp.form_engine.fee_model import MonthsBetween, Quantity
from webapp.form_engine.situation import Situation

Rows = tuple[dict[str, Any], ...]
LONGEST = 240


def counted(quantity: Quantity, situation: Situation, rows: Rows) -> Fraction:
    """How many; 0 while it is not answered."""
    if quantity.field is not None:
        value = reader(quantity.field)(situation, rows)
        if isinstance(value, list):
            return Fraction(len(value))
        found = number(value)
        return Fraction(found) if found is not None and found > 0 else Fraction(0)
    if quantity.rows is not None:
        return Fraction(len(rows_of_group(situation, quantity.rows)))
    assert quantity.months is not None
    return Fraction(_months(quantity.months, situation, rows))


def amount_of(situation: Situation, path: str, rows: Rows) -> Fraction | None:
    """An answered amount, exact."""
    found = number(reader(path)(situation, rows))
    return None if found is None else Fraction(found)


def key_of(situation: Situation, path: str, rows: Rows) -> str | None:
    """An answered choice."""
    value = reader(path)(situation, rows)
    return value if isinstance(value, str) else None


def rows_of_group(situation: Situation, path: str) -> list[dict[str, Any]]:
    """The rows of a top-level group."""
    value = situation.answers.get(path)
    return value if isinstance(value, list) else []


def _months(rule: MonthsBetween, situation: Situation, rows: Rows) -> int:
    start = as_day(reader(rule.from_)(situation, rows))
    end = as_day(reader(rule.until)(situation, rows))
    if start is None or end is None:
        return 0
    return sum(1 for month in _each(start, end) if _is_counted(month.month, rule))


def _each(start: date, end: date) -> list[date]:
    first, last = start.replace(day=1), end.replace(day=1)
    months = [add_months(first, step) for step in range(LONGEST)]
    return [month for month in months if month <= last]


def _is_counted(month: int, rule: MonthsBetween) -> bool:
    return (rule.only is None or month in rule.only) and (rule.except_ is None or month not in rule.except_)
