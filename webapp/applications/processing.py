"""When the statutory clock of a new application starts, and when it is due."""

from __future__ import annotations

from datetime import date
from typing import Any

from webapp.calendar.business import BusinessCalendar
from webapp.casework import deadline
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Outcome


def period_of(definition: Definition, arrived_on: date, calendar: BusinessCalendar) -> dict[str, Any] | None:
    """Return the processing time as a case keeps it; None where the definition names none.

    With ``starts: next_open_day`` the first day stands in it as ``from``.
    """
    span = definition.processing.within
    if span is None:
        return None
    ((unit, amount),) = span.model_dump(exclude_unset=True).items()
    period: dict[str, Any] = {"amount": amount, "unit": unit}
    if unit == "years":
        period = {"amount": amount * 12, "unit": "months"}
    if definition.processing.starts == "next_open_day":
        period["from"] = calendar.add_business_days(arrived_on, 1).isoformat()
    return period


def due_on(
    definition: Definition, outcome: Outcome, arrived_on: date, calendar: BusinessCalendar
) -> date | None:
    """Return the day by which a decision is due (Asia/Tokyo); None while the clock waits for money.

    Where nothing is to be paid, a clock that starts with the payment starts with the arrival.
    """
    fee = outcome.fee
    owes = fee is not None and (fee.after_review or bool(fee.total))
    if definition.processing.starts == "payment" and owes:
        return None
    period = period_of(definition, arrived_on, calendar)
    start = date.fromisoformat(period["from"]) if period and "from" in period else arrived_on
    return deadline.due_date(start, period, calendar)
