"""Several dates in one go: free ones are held together, conflicts are named and skipped."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy.orm import Session

from webapp.booking.errors import NotAllowed, Taken
from webapp.booking.facility import Facilities
from webapp.booking.hold import facility_and_room, hold
from webapp.booking.limits import is_weekly
from webapp.booking.models import Booking
from webapp.booking.occupy import lock_facility
from webapp.booking.person import Booker
from webapp.booking.wish import Wish
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
    if not facility.limits.weekly_series and is_weekly(list(days)):
        raise NotAllowed(
            "weekly", "この施設では、曜日を決めた定期の利用はできません。日を選び直してください。"
        )
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
        except NotAllowed as refused:
            point.rollback()
            series.skipped.append(Skipped(day, refused.say or ""))
        else:
            point.commit()
            series.held.append(booking)
    return series
