"""Turning a rule such as 「2か月前の月の1日 9:00」 into the exact minute."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from webapp.booking.rules import Moment
from webapp.booking.times import DAY_MINUTES, instant, minutes
from webapp.calendar.business import BusinessCalendar
from webapp.calendar.months import day_of_month_before, months_before


@dataclass(frozen=True)
class Days:
    """The calendars a moment may count in."""

    facility: BusinessCalendar
    city_hall: BusinessCalendar

    def of(self, moment: Moment) -> BusinessCalendar:
        return self.facility if moment.closed_means == "facility" else self.city_hall


def day_of_moment(moment: Moment, use: date, days: Days) -> date:
    """The day of the moment, moved when closed."""
    calendar = days.of(moment)
    origin = use - timedelta(days=1) if moment.eve else use
    day = _counted(moment, origin, calendar)
    if moment.if_closed == "next":
        return calendar.roll_forward(day)
    return calendar.roll_back(day) if moment.if_closed == "previous" else day


def opens_at(moment: Moment, starts: datetime, use: date, days: Days) -> datetime:
    """The first minute; without a time the day begins at 0:00."""
    if moment.hours_before is not None:
        return starts - timedelta(hours=moment.hours_before)
    return instant(day_of_moment(moment, use, days), minutes(moment.at or "00:00"))


def closes_at(moment: Moment, starts: datetime, use: date, days: Days) -> datetime:
    """The end, exclusive; without a time the whole day still counts (「20日前まで」)."""
    if moment.hours_before is not None:
        return starts - timedelta(hours=moment.hours_before)
    total = minutes(moment.at) if moment.at else DAY_MINUTES
    end = instant(day_of_moment(moment, use, days), total)
    return min(end, starts.astimezone(UTC)) if moment.days_before == 0 else end


def _counted(moment: Moment, origin: date, calendar: BusinessCalendar) -> date:
    if moment.fixed is not None:
        return moment.fixed
    if moment.days_before is not None:
        return origin - timedelta(days=moment.days_before)
    if moment.business_days_before is not None:
        return calendar.subtract_business_days(origin, moment.business_days_before)
    months = moment.months_before or 0
    if moment.day is not None:
        return day_of_month_before(origin, months, moment.day, missing=moment.missing)
    return months_before(origin, months, missing=moment.missing)
