"""How much one person or group may take: per month, at once, in a row, and after many cancellations."""

from datetime import date, datetime, timedelta
from itertools import pairwise

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facility
from webapp.booking.models import Booking
from webapp.booking.states import HOLDING
from webapp.calendar.months import add_months, first_of_month
from webapp.db import is_postgres


def lock_owner(session: Session, owner_key: str) -> None:
    """Two tabs of one person count one after the other; SQLite has one writer anyway."""
    if is_postgres(session):
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": f"owner:{owner_key}"})


def check(
    session: Session, facility: Facility, owner_key: str, use_on: date, bands: int, now: datetime
) -> None:
    """Raises NotAllowed, naming the rule and what to do."""
    rules = facility.limits
    if rules.cancellations is not None:
        _check_cancellations(session, facility, owner_key, now)
    if rules.per_month is None and rules.bands_per_month is None and rules.active is None:
        if rules.max_consecutive_days is not None:
            _check_days_in_a_row(session, facility, owner_key, use_on)
        return
    mine = _own_days(
        session, facility, owner_key, first_of_month(use_on), add_months(first_of_month(use_on), 1)
    )
    if rules.per_month is not None and len(mine) >= rules.per_month:
        raise NotAllowed(
            "per_month", f"同じ月に予約できるのは{rules.per_month}件までです。ほかの月をお選びください。"
        )
    if rules.bands_per_month is not None and sum(n for _, n in mine) + bands > rules.bands_per_month:
        limit = rules.bands_per_month
        raise NotAllowed(
            "bands_per_month", f"同じ月に予約できるのは{limit}区分までです。ほかの月をお選びください。"
        )
    if rules.active is not None and _active(session, facility, owner_key, now) >= rules.active:
        raise NotAllowed(
            "active", f"利用前の予約は{rules.active}件までです。使い終わってからお申し込みください。"
        )
    if rules.max_consecutive_days is not None:
        _check_days_in_a_row(session, facility, owner_key, use_on)


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


def _check_days_in_a_row(session: Session, facility: Facility, owner_key: str, use_on: date) -> None:
    limit = facility.limits.max_consecutive_days
    if limit is None:
        return
    around = timedelta(days=limit + 1)
    days = {day for day, _ in _own_days(session, facility, owner_key, use_on - around, use_on + around)}
    if longest_run(days, use_on) > limit:
        raise NotAllowed("consecutive", f"続けて使えるのは{limit}日までです。日を空けてお選びください。")


def _check_cancellations(session: Session, facility: Facility, owner_key: str, now: datetime) -> None:
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
        raise NotAllowed(
            "cancellations",
            f"過去{rules.cancellations_days}日間の取消しが{count}件あるため、いまは予約できません。"
            "施設にお電話ください。",
        )


def _own_days(
    session: Session, facility: Facility, owner_key: str, start: date, end: date
) -> list[tuple[date, int]]:
    query = select(Booking.use_on, Booking.bands).where(
        Booking.facility == facility.slug,
        Booking.owner_key == owner_key,
        Booking.state.in_(HOLDING),
        Booking.use_on >= start,
        Booking.use_on < end,
    )
    return [(day, max(1, len(bands or []))) for day, bands in session.execute(query)]


def _active(session: Session, facility: Facility, owner_key: str, now: datetime) -> int:
    query = select(func.count()).where(
        Booking.facility == facility.slug,
        Booking.owner_key == owner_key,
        Booking.state.in_(HOLDING),
        Booking.ends_at > now,
    )
    return session.scalar(query) or 0
