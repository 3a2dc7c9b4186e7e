"""Statutory clocks: periods for deciding or answering, with pauses while a correction is awaited.

The first day is not counted (民法140条). A period in days counts open days only, as 標準処理期間 do;
a period in months runs through holidays and moves to the next open day only at its end (民法142条).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from webapp.calendar.business import ONE_DAY, SEARCH_LIMIT_DAYS, BusinessCalendar, NeverOpen, days_between
from webapp.calendar.months import add_months


@dataclass(frozen=True)
class Pause:
    """The clock stands still on every day of [start, end); an open pause has no end yet."""

    start: date
    end: date | None = None

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


def due_in_days(
    start: date, days: int, calendar: BusinessCalendar, pauses: Sequence[Pause] = ()
) -> date | None:
    """The last day of a period of `days` open days; None while an open pause hides it."""
    day, left = start, days
    for _ in range(SEARCH_LIMIT_DAYS):
        if left == 0:
            return day
        day += ONE_DAY
        if _stopped_for_good(day, pauses):
            return None
        if calendar.is_open(day) and not _paused(day, pauses):
            left -= 1
    raise NeverOpen(start.isoformat())


def due_in_months(
    start: date, months: int, calendar: BusinessCalendar, pauses: Sequence[Pause] = ()
) -> date | None:
    """The last day of a period of months, lengthened by every paused day; None while a pause is open."""
    day = add_months(start, months)
    counted = start
    while counted < day:
        counted += ONE_DAY
        if _stopped_for_good(counted, pauses):
            return None
        if _paused(counted, pauses):
            day += timedelta(days=1)
    return calendar.roll_forward(day)


def used_days(start: date, today: date, calendar: BusinessCalendar, pauses: Sequence[Pause] = ()) -> int:
    """Open, unpaused days of (start, today]."""
    days = days_between(start + ONE_DAY, today + ONE_DAY)
    return sum(1 for day in days if calendar.is_open(day) and not _paused(day, pauses))


def _paused(day: date, pauses: Sequence[Pause]) -> bool:
    return any(pause.covers(day) for pause in pauses)


def _stopped_for_good(day: date, pauses: Sequence[Pause]) -> bool:
    return any(pause.end is None and pause.covers(day) for pause in pauses)
