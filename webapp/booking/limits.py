"""How much one person or group may take: per month, at once, in a row, and after many cancellations."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from webapp.booking.errors import NotAllowed, OverLimit
from webapp.booking.facility import Facility
from webapp.booking.models import Booking
from webapp.booking.person import Booker
from webapp.booking.rules import Limits
from webapp.booking.states import HOLDING
from webapp.booking.wish import Wish
from webapp.calendar.months import add_months, first_of_month
from webapp.db import is_postgres


def lock_owner(session: Session, owner_key: str) -> None:
    """Two tabs of one person count one after the other; SQLite has one writer anyway."""
    if is_postgres(session):
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": f"owner:{owner_key}"})


def check(
    session: Session,
    facility: Facility,
    booker: Booker,
    wish: Wish,
    bands: int,
    now: datetime,
    *,
    without: int | None = None,
) -> list[NotAllowed]:
    """How much one person or group may take. `without`: the booking being changed.

    Raises NotAllowed; for an officer OverLimit with all that is broken, unless it is knowingly passed:
    then what is passed comes back.
    """
    if not any_of(facility.limits):
        return []
    lock_owner(session, booker.key)
    found = broken(session, facility, booker.key, wish.use_on, max(1, bands), now, without=without)
    if not booker.staff and (first := next(found, None)):
        raise first
    passed = list(found)
    if passed and not booker.beyond:
        raise OverLimit(passed, facility.limits.citation)
    return passed


def any_of(rules: Limits) -> bool:
    """Whether a hall limits how much one person or group may take."""
    counted = (rules.per_month, rules.bands_per_month, rules.active, rules.cancellations)
    return any(limit is not None for limit in (*counted, rules.max_consecutive_days))


def broken(
    session: Session,
    facility: Facility,
    owner_key: str,
    use_on: date,
    bands: int,
    now: datetime,
    *,
    without: int | None = None,
) -> Iterator[NotAllowed]:
    """Every limit that this use would break, naming the rule and what to do.

    `without`: a booking that is being changed.
    """
    rules = facility.limits
    if rules.cancellations is not None and without is None:
        yield from _cancellations(session, facility, owner_key, now)
    others = _Others(facility.slug, owner_key, without)
    if rules.per_month is not None or rules.bands_per_month is not None:
        yield from _month(session, facility, others, use_on, bands)
    if rules.active is not None and others.active(session, now) >= rules.active:
        yield NotAllowed(
            "active", f"利用前の予約は{rules.active}件までです。使い終わってからお申し込みください。"
        )
    if rules.max_consecutive_days is not None:
        yield from _days_in_a_row(session, facility, others, use_on)


def longest_run(days: set[date], day: date) -> int:
    """How many days in a row contain `day` once it is added."""
    run = 1
    for step in (timedelta(days=1), timedelta(days=-1)):
        at = day + step
        while at in days:
            run += 1
            at += step
    return run


def restricted(cancelled: int, limit: int) -> bool:
    """「30日で20件以上」: the limit itself already restricts."""
    return cancelled >= limit


def is_weekly(days: list[date]) -> bool:
    """Three or more uses on the same weekday, a week apart each: 曜日を決めた定期利用."""
    ordered = sorted(days)
    gaps = {(b - a).days for a, b in pairwise(ordered)}
    return len(ordered) >= 3 and gaps == {7}


@dataclass(frozen=True)
class _Others:
    """What the person or group holds at a facility besides the booking in question."""

    facility: str
    owner_key: str
    without: int | None

    @property
    def where(self) -> list[ColumnElement[bool]]:
        mine = [
            Booking.facility == self.facility,
            Booking.owner_key == self.owner_key,
            Booking.state.in_(HOLDING),
        ]
        return mine if self.without is None else [*mine, Booking.id != self.without]

    def days(self, session: Session, start: date, end: date) -> list[tuple[date, int]]:
        """Days of use in [start, end) with how many bands each takes."""
        query = select(Booking.use_on, Booking.bands).where(
            *self.where, Booking.use_on >= start, Booking.use_on < end
        )
        return [(day, max(1, len(bands or []))) for day, bands in session.execute(query)]

    def active(self, session: Session, now: datetime) -> int:
        return session.scalar(select(func.count()).where(*self.where, Booking.ends_at > now)) or 0


def _month(
    session: Session, facility: Facility, others: _Others, use_on: date, bands: int
) -> Iterator[NotAllowed]:
    rules = facility.limits
    first = first_of_month(use_on)
    mine = others.days(session, first, add_months(first, 1))
    if rules.per_month is not None and len(mine) >= rules.per_month:
        yield NotAllowed(
            "per_month", f"同じ月に予約できるのは{rules.per_month}件までです。ほかの月をお選びください。"
        )
    if rules.bands_per_month is not None and sum(n for _, n in mine) + bands > rules.bands_per_month:
        limit = rules.bands_per_month
        yield NotAllowed(
            "bands_per_month", f"同じ月に予約できるのは{limit}区分までです。ほかの月をお選びください。"
        )


def _days_in_a_row(
    session: Session, facility: Facility, others: _Others, use_on: date
) -> Iterator[NotAllowed]:
    limit = facility.limits.max_consecutive_days
    if limit is None:
        return
    around = timedelta(days=limit + 1)
    days = {day for day, _ in others.days(session, use_on - around, use_on + around)}
    if longest_run(days, use_on) > limit:
        yield NotAllowed("consecutive", f"続けて使えるのは{limit}日までです。日を空けてお選びください。")


def _cancellations(
    session: Session, facility: Facility, owner_key: str, now: datetime
) -> Iterator[NotAllowed]:
    rules = facility.limits
    since = now - timedelta(days=rules.cancellations_days)
    query = select(func.count()).where(
        Booking.facility == facility.slug,
        Booking.owner_key == owner_key,
        Booking.state.in_(["cancelled", "lapsed"]),
        Booking.ended_at >= since,
    )
    count = session.scalar(query) or 0
    if rules.cancellations is not None and restricted(count, rules.cancellations):
        yield NotAllowed(
            "cancellations",
            f"過去{rules.cancellations_days}日間の取消しが{count}件あるため、いまは予約できません。"
            "施設にお電話ください。",
        )
