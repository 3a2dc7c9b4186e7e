"""The dates a definition promises: when examination begins, when a decision is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from webapp.calendar.business import BusinessCalendar
from webapp.calendar.clocks import Pause, due_in_days, due_in_months
from webapp.conditions.dates import shift
from webapp.form_engine.limits import TOKYO
from webapp.form_engine.model import Definition


def arrived_on(arrived_at: datetime) -> date:
    """The Tokyo day of the moment the server recorded (デジタル手続法6条3項)."""
    return arrived_at.astimezone(TOKYO).date()


def examination_starts(definition: Definition, arrived_at: datetime, calendar: BusinessCalendar) -> date:
    """The day staff begin: the arrival's own day when open, or the next open day after it."""
    day = arrived_on(arrived_at)
    if definition.processing.starts == "next_open_day":
        return calendar.add_business_days(day, 1)
    return calendar.roll_forward(day)


def sent_on(definition: Definition, paid_on: date, calendar: BusinessCalendar) -> date | None:
    """The open day on which what was paid for is sent; None where the definition names none."""
    span = definition.processing.after_payment
    return None if span is None else calendar.roll_forward(shift(paid_on, span, 1, calendar))


def due_on(
    definition: Definition, arrived_at: datetime, calendar: BusinessCalendar, pauses: Sequence[Pause] = ()
) -> date | None:
    """The last day of the processing time; None where none is stated or while a correction is out.

    Days and business days are open days; weeks, months and years run through holidays and end on an
    open day. The first day is not counted. With ``starts: next_open_day`` counting begins there.
    """
    within = definition.processing.within
    if within is None:
        return None
    start = arrived_on(arrived_at)
    if definition.processing.starts == "next_open_day":
        start = calendar.add_business_days(start, 1)
    days = within.days or within.business_days
    if days is not None:
        return due_in_days(start, days, calendar, pauses)
    if within.weeks is not None:
        due = due_in_days(start, within.weeks * 7, BusinessCalendar(year_end=None), pauses)
        return None if due is None else calendar.roll_forward(due)
    return due_in_months(start, within.months or (within.years or 0) * 12, calendar, pauses)
