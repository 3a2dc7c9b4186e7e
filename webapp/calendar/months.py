"""Counting in calendar months, where a day may not exist in the month counted to."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Literal

MissingDay = Literal["last_day", "next_first"]
"""31 May minus three months: the last day of February (民法143条2項), or the first of March."""


def add_months(day: date, months: int, *, missing: MissingDay = "last_day") -> date:
    year, month = _shifted(day, months)
    last = monthrange(year, month)[1]
    if day.day <= last:
        return date(year, month, day.day)
    end = date(year, month, last)
    return end if missing == "last_day" else end + timedelta(days=1)


def months_before(day: date, months: int, *, missing: MissingDay = "last_day") -> date:
    """「Nか月前」 of a day; see MissingDay for days that do not exist."""
    return add_months(day, -months, missing=missing)


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def last_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def day_of_month_before(day: date, months: int, day_number: int, *, missing: MissingDay = "last_day") -> date:
    """「Nか月前の月のD日」: counted from the month of `day`, whatever its day number is."""
    year, month = _shifted(day, -months)
    last = monthrange(year, month)[1]
    if day_number <= last:
        return date(year, month, day_number)
    end = date(year, month, last)
    return end if missing == "last_day" else end + timedelta(days=1)


def nth_weekday(year: int, month: int, nth: int, weekday: int) -> date | None:
    """The nth (1-5) weekday of a month, or None when the month has no fifth one."""
    first = date(year, month, 1)
    day = 1 + (weekday - first.weekday()) % 7 + (nth - 1) * 7
    return date(year, month, day) if day <= monthrange(year, month)[1] else None


def age_on(birth: date, day: date) -> int:
    """Completed years on `day`. By 年齢計算ニ関スル法律 a year is completed at the end of the eve of the
    birthday; for counters the everyday reading (on the birthday itself) is used."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _shifted(day: date, months: int) -> tuple[int, int]:
    index = day.year * 12 + day.month - 1 + months
    return index // 12, index % 12 + 1
