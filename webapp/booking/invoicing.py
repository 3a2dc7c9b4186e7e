"""Paying by invoice after the use (後納): for whom, and until when."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from webapp.booking.due import last_day
from webapp.booking.facility import Facility
from webapp.booking.models import Booking
from webapp.booking.rules import Invoice
from webapp.booking.times import DAY_MINUTES, instant
from webapp.tariff.facts import holds


def invoice_for(facility: Facility, bookings: Sequence[Booking]) -> Invoice | None:
    """The rule by which all of these are invoiced; None where somebody pays as everybody does."""
    rule = facility.payment.invoice
    return rule if rule is not None and all(holds(rule.when, one.facts) for one in bookings) else None


def due(rule: Invoice, bookings: Sequence[Booking]) -> datetime:
    """The end of the last day to pay, counted from the last use."""
    last = max(booking.use_on for booking in bookings)
    return instant(last + timedelta(days=rule.days_after_use), DAY_MINUTES)


def until(facility: Facility, bookings: Sequence[Booking]) -> date | None:
    """The last day to pay for whom is invoiced; None for everybody else."""
    rule = invoice_for(facility, bookings)
    return None if rule is None else last_day(due(rule, bookings))
