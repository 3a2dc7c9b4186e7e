"""Which days a counter or a facility is open, and counting in such days."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

from webapp.calendar.holidays import is_national_holiday

ONE_DAY = timedelta(days=1)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)
YEAR_END = ((12, 29), (1, 3))
SEARCH_LIMIT_DAYS = 3660

IfHoliday = Literal["closed", "open", "next_day", "next_weekday"]
"""What a weekly closed day becomes when it is a national holiday: still closed; open; open and the
next day closed instead (翌日に振替); open and the next day that is no holiday closed instead."""


class NeverOpen(ValueError):
    """No open day within ten years: the closed-day rules contradict each other."""


@dataclass(frozen=True)
class BusinessCalendar:
    """The closed-day rule of one counter. Weekdays count from Monday = 0, as in `date.weekday()`.

    `nth_weekdays` holds pairs such as (2, 1) for "second Tuesday". `year_end` is a pair of (month, day),
    both closed, usually 12/29 to 1/3 (地方自治法4条の2). `opened` wins over every closing rule.
    """

    weekdays: frozenset[int] = frozenset()
    nth_weekdays: frozenset[tuple[int, int]] = frozenset()
    if_holiday: IfHoliday = "closed"
    close_on_holidays: bool = False
    year_end: tuple[tuple[int, int], tuple[int, int]] | None = YEAR_END
    closed: frozenset[date] = field(default_factory=frozenset)
    opened: frozenset[date] = field(default_factory=frozenset)

    def is_open(self, day: date) -> bool:
        return self.why_closed(day) is None

    def why_closed(self, day: date) -> str | None:
        """None when open, else one of: local, year_end, holiday, weekly, substitute."""
        if day in self.opened:
            return None
        if day in self.closed:
            return "local"
        if self._in_year_end(day):
            return "year_end"
        if self.close_on_holidays and is_national_holiday(day):
            return "holiday"
        if self._is_regular_closed_day(day) and not self._spared_by_holiday(day):
            return "weekly"
        return "substitute" if self._is_substitute(day) else None

    def with_closed(self, days: Iterable[date]) -> "BusinessCalendar":
        """The same calendar with more closed days, e.g. the city's local holidays."""
        return replace(self, closed=self.closed | frozenset(days))

    def roll_forward(self, day: date) -> date:
        """`day`, or the next open day when it is closed."""
        return self._search(day, ONE_DAY)

    def roll_back(self, day: date) -> date:
        """`day`, or the last open day before it when it is closed."""
        return self._search(day, -ONE_DAY)

    def add_business_days(self, day: date, count: int) -> date:
        """The `count`-th open day after `day` (the day itself is not counted); 0 rolls forward."""
        if count < 0:
            return self.subtract_business_days(day, -count)
        return self._count(day, count, ONE_DAY) if count else self.roll_forward(day)

    def subtract_business_days(self, day: date, count: int) -> date:
        """The `count`-th open day before `day` (「3営業日前」; the day itself is not counted)."""
        if count < 0:
            return self.add_business_days(day, -count)
        return self._count(day, count, -ONE_DAY) if count else self.roll_back(day)

    def business_days_between(self, start: date, end: date) -> int:
        """Open days in (start, end]: 0 when end is not after start."""
        return sum(1 for day in days_between(start + ONE_DAY, end + ONE_DAY) if self.is_open(day))

    def _count(self, day: date, count: int, step: timedelta) -> date:
        for _ in range(count):
            day = self._search(day + step, step)
        return day

    def _search(self, day: date, step: timedelta) -> date:
        for _ in range(SEARCH_LIMIT_DAYS):
            if self.is_open(day):
                return day
            day += step
        raise NeverOpen(day.isoformat())

    def _in_year_end(self, day: date) -> bool:
        if self.year_end is None:
            return False
        first, last = self.year_end
        key = (day.month, day.day)
        return key >= first or key <= last if first > last else first <= key <= last

    def _is_regular_closed_day(self, day: date) -> bool:
        nth = ((day.day - 1) // 7 + 1, day.weekday())
        return day.weekday() in self.weekdays or nth in self.nth_weekdays

    def _spared_by_holiday(self, day: date) -> bool:
        return self.if_holiday != "closed" and is_national_holiday(day)

    def _is_substitute(self, day: date) -> bool:
        if self.if_holiday == "next_day":
            return self._is_moved_from(day - ONE_DAY)
        if self.if_holiday == "next_weekday" and not is_national_holiday(day):
            before = day - ONE_DAY
            while is_national_holiday(before):
                if self._is_moved_from(before):
                    return True
                before -= ONE_DAY
        return False

    def _is_moved_from(self, day: date) -> bool:
        return self._is_regular_closed_day(day) and is_national_holiday(day) and day not in self.closed


def days_between(start: date, end: date) -> Iterator[date]:
    """Every day of the half-open range [start, end)."""
    while start < end:
        yield start
        start += ONE_DAY


def city_hall(local_holidays: Iterable[date] = ()) -> BusinessCalendar:
    """A city hall's own days: Saturday, Sunday, national holidays, 12/29-1/3 and local ones closed."""
    return BusinessCalendar(
        weekdays=frozenset({SATURDAY, SUNDAY}), close_on_holidays=True, closed=frozenset(local_holidays)
    )
