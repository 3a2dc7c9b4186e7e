"""Figures: use rate, online share, attendance per facility and fiscal year."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.booking import targets
from webapp.booking.facility import Facilities, Facility
from webapp.booking.models import Booking, Target
from webapp.booking.wish import starts_of
from webapp.calendar.business import days_between
from webapp.calendar.fiscal import fiscal_range

ONLINE = ("web", "online", "line")
COUNTED = ("confirmed", "awaiting_payment", "applied")


@dataclass(frozen=True)
class Counts:
    """Numbers of one fiscal year. Shares are whole percent; None where nothing can be divided."""

    bookings: int
    online: int
    people: int
    yen: int
    cancelled: int
    absent: int
    used_hours: int
    open_hours: int

    @property
    def online_percent(self) -> int | None:
        return round(100 * self.online / self.bookings) if self.bookings else None

    @property
    def use_percent(self) -> int | None:
        return round(100 * self.used_hours / self.open_hours) if self.open_hours else None


@dataclass(frozen=True)
class Figures(Counts):
    """One facility in one fiscal year, with what it aims at."""

    facility: Facility
    target: Target | None = None


def together(rows: Sequence[Counts]) -> Counts:
    """The sums of several facilities."""
    return Counts(**{one.name: sum(getattr(row, one.name) for row in rows) for one in fields(Counts)})


def figures(
    session: Session, facilities: Facilities, chosen: Sequence[Facility], year: int
) -> Iterator[Figures]:
    """The figures of a fiscal year, up to today where the year still runs."""
    first, after = fiscal_range(year)
    until = min(after, clock.today() + timedelta(days=1))
    aims = targets.of_year(session, year)
    for facility in chosen:
        rows = _rows(session, facility, first, after)
        counted = [row for row in rows if row.state in COUNTED]
        past = [row for row in counted if row.use_on < until]
        yield Figures(
            facility=facility,
            bookings=len(counted),
            online=sum(row.channel in ONLINE for row in counted),
            people=sum(row.persons for row in counted),
            yen=sum(row.total_yen for row in counted),
            cancelled=sum(row.state in ("cancelled", "lapsed", "displaced") for row in rows),
            absent=sum(row.attended is False for row in rows),
            used_hours=round(sum(_whole_hours(facility, row) for row in past)),
            open_hours=open_hours(facilities, facility, first, until),
            target=aims.get(facility.slug),
        )


def open_hours(facilities: Facilities, facility: Facility, first: date, until: date) -> int:
    """Hours that could have been booked, over all rooms that are no part of another."""
    calendar = facilities.calendar(facility)
    days = sum(calendar.is_open(day) for day in days_between(first, until))
    minutes = sum(
        span.end - span.start
        for room in facility.rooms
        if room.part_of is None and room.sessions is None
        for span in starts_of(facility, room)
    )
    return days * minutes // 60


def _whole_hours(facility: Facility, booking: Booking) -> Fraction:
    """Hours of a use as the whole room counts them: two halves at once are one hall in use, not two.

    Visits by head count fill a house and not a room: they stand under people.
    """
    rooms = {room.key: room for room in facility.rooms}
    room = whole = rooms.get(booking.room)
    if room is None or whole is None or room.sessions is not None:
        return Fraction(0)
    while whole.part_of is not None:
        whole = rooms[whole.part_of]
    share = Fraction(len(room.atoms), len(whole.atoms))
    return share * Fraction(int((booking.ends_at - booking.starts_at).total_seconds()), 3600)


def years(session: Session, chosen: Sequence[Facility]) -> list[int]:
    """Fiscal years in which these facilities have any booking, newest first, the present one always."""
    slugs = [facility.slug for facility in chosen]
    oldest = session.scalar(select(func.min(Booking.use_on)).where(Booking.facility.in_(slugs)))
    today = clock.today()
    now = today.year if today.month >= 4 else today.year - 1
    if oldest is None:
        return [now]
    first = oldest.year if oldest.month >= 4 else oldest.year - 1
    return list(range(now, first - 1, -1))


def _rows(session: Session, facility: Facility, first: date, after: date) -> list[Booking]:
    query = select(Booking).where(
        Booking.facility == facility.slug,
        Booking.case_id.is_not(None),
        Booking.use_on >= first,
        Booking.use_on < after,
    )
    return list(session.scalars(query))
