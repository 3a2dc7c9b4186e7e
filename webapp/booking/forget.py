"""Forgetting who used a room, when the case is erased; that it was used, when and for how much, stays."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.booking.models import Booking


def forget_case(session: Session, case_id: int) -> None:
    """Take the person and everything they typed out of the bookings of a case."""
    for booking in session.scalars(select(Booking).where(Booking.case_id == case_id)):
        booking.case_id = booking.resident_id = booking.owner_key = None
        booking.contact = booking.title = booking.answers = booking.reasons = None
        booking.exemption = _without_reasons(booking.exemption)
        booking.refund = _without_reasons(booking.refund)
    session.flush()


def _without_reasons(kept: dict[str, Any] | None) -> dict[str, Any] | None:
    """Bookings from before reasons were sealed carry them beside what they explain."""
    return kept and {key: value for key, value in kept.items() if key not in ("reason", "decided_reason")}
