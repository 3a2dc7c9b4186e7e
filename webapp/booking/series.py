"""Several dates in one go: free ones are held together, conflicts are named and skipped."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy.orm import Session

from webapp.booking import beyond
from webapp.booking.errors import NotAllowed, OverLimit, Taken
from webapp.booking.facility import Facilities, Facility
from webapp.booking.hold import facility_and_room, hold
from webapp.booking.limits import is_weekly
from webapp.booking.models import Booking
from webapp.booking.occupy import lock_facility
from webapp.booking.person import Booker
from webapp.booking.wish import Wish
from webapp.calendar.months import add_months, first_of_month
from webapp.db import new_token

MOST = 60


@dataclass(frozen=True)
class Skipped:
    """A date that could not be held, and why in a sentence."""

    day: date
    why: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Series:
    """The held dates (one basket, one case later) and the skipped ones."""

    basket: str
    held: list[Booking] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def weekly(first: date, last: date, every: int = 1) -> list[date]:
    """Every `every` weeks from the first day to the last, both included."""
    days: list[date] = []
    day = first
    while day <= last and len(days) < MOST:
        days.append(day)
        day += timedelta(weeks=every)
    return days


def monthly(first: date, last: date) -> list[date]:
    """The same weekday of each month from the first day to the last: 「毎月第2火曜日」.

    A month without it, such as one without a fifth Tuesday, is left out.
    """
    nth = (first.day - 1) // 7
    days: list[date] = []
    month = first_of_month(first)
    while month <= last and len(days) < MOST:
        day = month + timedelta(days=(first.weekday() - month.weekday()) % 7 + 7 * nth)
        if day.month == month.month and first <= day <= last:
            days.append(day)
        month = add_months(month, 1)
    return days


def hold_series(
    session: Session,
    facilities: Facilities,
    wish: Wish,
    days: Sequence[date],
    booker: Booker,
    *,
    channel: str = "web",
) -> Series:
    """Hold the same wish on several days. Days are taken in ascending order by every series alike.

    Raises NotAllowed for a weekly series where the hall forbids it, or for more than 60 days.
    """
    if len(days) > MOST:
        raise NotAllowed("too_many", f"一度に選べるのは{MOST}日までです。")
    facility, _ = facility_and_room(facilities, wish.facility, wish.room)
    passed = _check_weekly(facility, days, booker)
    lock_facility(session, facility.slug)
    series = Series(new_token())
    minutes = max(facility.hold_minutes, 30)
    for day in sorted(set(days)):
        one = Wish(wish.facility, wish.room, day, wish.bands, wish.start, wish.end, wish.persons, wish.extras)
        point = session.begin_nested()
        try:
            booking = hold(
                session, facilities, one, booker, basket=series.basket, channel=channel, minutes=minutes
            )
        except Taken as taken:
            point.rollback()
            parts = tuple(dict.fromkeys(conflict.part for conflict in taken.conflicts))
            series.skipped.append(Skipped(day, "ほかの予約と重なっています。", parts))
        except OverLimit:
            raise
        except NotAllowed as refused:
            point.rollback()
            series.skipped.append(Skipped(day, refused.say or ""))
        else:
            point.commit()
            beyond.keep(booking, passed, booker)
            series.held.append(booking)
    return series


def _check_weekly(facility: Facility, days: Sequence[date], booker: Booker) -> list[NotAllowed]:
    """Uses on the same weekday, where the hall forbids them; an officer with a reason may pass that."""
    if facility.limits.weekly_series or not is_weekly(list(days)):
        return []
    weekly = NotAllowed(
        "weekly", "この施設では、曜日を決めた定期の利用はできません。日を選び直してください。"
    )
    if not booker.staff:
        raise weekly
    if not booker.beyond:
        raise OverLimit([weekly], facility.limits.citation)
    return [weekly]
