"""Until when a booking must be paid."""

from datetime import date, datetime, timedelta

from webapp.booking.facility import Facility
from webapp.booking.moments import Days, closes_at
from webapp.booking.times import DAY_MINUTES, day_of, instant


def pay_by(facility: Facility, booked: datetime, use_on: date, starts: datetime, days: Days) -> datetime:
    """The earliest of the facility's due moments, exclusive; without a rule the start of the use."""
    rule = facility.payment
    ends: list[datetime] = [starts]
    if rule.days_after is not None:
        day = day_of(booked) + timedelta(days=rule.days_after)
        if rule.if_closed == "next":
            day = days.facility.roll_forward(day)
        elif rule.if_closed == "previous":
            day = max(days.facility.roll_back(day), day_of(booked))
        ends.append(instant(day, DAY_MINUTES))
    if rule.before_use is not None:
        ends.append(closes_at(rule.before_use, starts, use_on, days))
    end = min(ends)
    # Booked after the printed due date: the whole day of booking remains.
    return end if end > booked else rest_of_day(booked, starts)


def rest_of_day(now: datetime, starts: datetime) -> datetime:
    """The end of today, never past the start of the use."""
    return min(starts, instant(day_of(now), DAY_MINUTES))


def last_day(end: datetime) -> date:
    """The last whole day before an exclusive end."""
    return day_of(end - timedelta(seconds=1))
