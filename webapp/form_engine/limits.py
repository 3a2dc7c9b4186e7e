"""From when to when a day may lie, and until when one may apply for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from webapp.calendar.business import BusinessCalendar
from webapp.conditions.dates import MovedDay, move
from webapp.form_engine.compiled import Limit
from webapp.form_engine.fields import ApplyBy
from webapp.form_engine.situation import Situation

FARTHEST = 400
TOKYO = ZoneInfo("Asia/Tokyo")


def active(limits: Sequence[Limit], situation: Situation, rows: Any) -> list[Limit]:
    """The limits that hold here."""
    return [limit for limit in limits if limit.test is None or limit.test(situation, rows)]


def bounds(limits: Sequence[Limit], situation: Situation, rows: Any) -> tuple[date | None, date | None]:
    """The earliest and latest day that may be answered, deadlines of applying included."""
    earliest: list[date] = []
    latest: list[date] = []
    for limit in active(limits, situation, rows):
        if limit.earliest is not None and (day := limit.earliest(situation, rows)) is not None:
            earliest.append(day)
        if limit.latest is not None and (day := limit.latest(situation, rows)) is not None:
            latest.append(day)
        if limit.apply_by is not None and (day := first_possible(limit.apply_by, situation)) is not None:
            earliest.append(day)
    return max(earliest, default=None), min(latest, default=None)


def apply_until(rule: ApplyBy, day: date, calendar: BusinessCalendar) -> datetime:
    """The moment (Asia/Tokyo, exclusive) after which it is too late to apply for ``day``."""
    moved = move(day, MovedDay(of="today", minus=rule.minus, day=rule.day, roll=rule.roll), calendar)
    return end_of(moved, rule.until)


def end_of(day: date, until: str) -> datetime:
    """``until`` on ``day`` as an exclusive moment; '15:00' still accepts 15:00:59, '24:00' the whole day."""
    if until == "24:00":
        return datetime.combine(day + timedelta(days=1), time(0), TOKYO)
    hour, minute = (int(part) for part in until.split(":"))
    return datetime.combine(day, time(hour, minute), TOKYO) + timedelta(minutes=1)


def first_possible(rule: ApplyBy, situation: Situation) -> date | None:
    """The first day that can still be applied for; None when there is none within a year."""
    day = situation.today
    for _ in range(FARTHEST):
        if situation.now < apply_until(rule, day, situation.calendar):
            return day
        day += timedelta(days=1)
    return None
