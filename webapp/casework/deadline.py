"""The statutory clock of a case (標準処理期間, 行政手続法6条).

It starts on the day after the recorded arrival, counts open days when the period is in days and runs
through holidays when it is in weeks or months, and stands still while a correction is with the
resident: the day of asking still counts, the day on which the answer arrives does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.calendar.business import BusinessCalendar, city_hall
from webapp.calendar.clocks import Pause, due_in_days, due_in_months, used_days
from webapp.casework.models import Case, CasePause
from webapp.errors import InvalidInput

ONE_DAY = timedelta(days=1)


def due_date(
    arrived_on: date,
    period: Mapping[str, Any] | None,
    calendar: BusinessCalendar,
    pauses: Sequence[Pause] = (),
) -> date | None:
    """Return the last day of ``period``; None without a period or while the clock stands still.

    ``period`` is ``{"amount": 14, "unit": "business_days" | "days" | "weeks" | "months"}``; "days" are
    open days as well, for that is how 標準処理期間 counts them. Raises InvalidInput for another unit.
    """
    if not period or not period.get("amount"):
        return None
    amount, unit = int(period["amount"]), str(period.get("unit", "business_days"))
    if unit in ("business_days", "days", "day", "business_day"):
        return due_in_days(arrived_on, amount, calendar, pauses)
    if unit in ("months", "month"):
        return due_in_months(arrived_on, amount, calendar, pauses)
    if unit in ("weeks", "week"):
        return _due_in_weeks(arrived_on, amount, calendar, pauses)
    raise InvalidInput(f"unknown unit of a period: {unit}", field="unit")


def _due_in_weeks(
    start: date, weeks: int, calendar: BusinessCalendar, pauses: Sequence[Pause]
) -> date | None:
    every_day = BusinessCalendar(year_end=None)
    day = due_in_days(start, weeks * 7, every_day, pauses)
    return None if day is None else calendar.roll_forward(day)


def pause(session: Session, case: Case) -> None:
    """Let the clock stand still from now on; twice is once."""
    if case.paused_at is None:
        case.paused_at = clock.now()
        session.add(CasePause(case_id=case.id, began_at=case.paused_at))


def resume(session: Session, case: Case, calendar: BusinessCalendar | None = None) -> None:
    """Let the clock run again and move the due date by the time it stood."""
    if case.paused_at is None:
        return
    case.paused_at = None
    for row in _rows(session, case):
        row.ended_at = row.ended_at or clock.now()
    session.flush()
    recompute(session, case, calendar)


def recompute(session: Session, case: Case, calendar: BusinessCalendar | None = None) -> None:
    """Set ``due_on`` from arrival, period and pauses; a case without a period keeps the date it was given.

    A clock that starts later than the arrival (with the payment, say) has no due date before it
    starts, and from then on carries its first day in the period as ``from``.
    """
    if not case.period or (case.due_on is None and "from" not in case.period):
        return
    due = due_date(_start(case), case.period, calendar or city_hall(), closed_pauses(session, case))
    case.due_on = due or case.due_on


def closed_pauses(session: Session, case: Case) -> list[Pause]:
    """Return the finished standstills as half-open day ranges."""
    return [
        Pause(_day(row.began_at) + ONE_DAY, _day(row.ended_at) + ONE_DAY)
        for row in _rows(session, case)
        if row.ended_at is not None
    ]


def days_used(session: Session, case: Case, calendar: BusinessCalendar | None = None) -> int:
    """Return the open days used so far, standstills left out; until today or the day of closing."""
    end = _day(case.closed_at) if case.closed_at else clock.today()
    pauses = closed_pauses(session, case)
    if case.paused_at:
        pauses.append(Pause(_day(case.paused_at) + ONE_DAY))
    return used_days(_start(case), end, calendar or city_hall(), pauses)


def is_late(case: Case) -> bool:
    """Tell whether the due date has passed on an open case whose clock runs."""
    return (
        case.closed_at is None
        and case.paused_at is None
        and case.due_on is not None
        and case.due_on < clock.today()
    )


def _start(case: Case) -> date:
    given = (case.period or {}).get("from")
    return date.fromisoformat(given) if given else _day(case.arrived_at)


def _rows(session: Session, case: Case) -> list[CasePause]:
    return list(session.scalars(select(CasePause).where(CasePause.case_id == case.id).order_by(CasePause.id)))


def _day(at: datetime) -> date:
    return clock.tokyo(at).date()
