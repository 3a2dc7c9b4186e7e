"""Forgetting who used a room, when the case is erased; that it was used, when and for how much, stays."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.booking.models import Booking


def forget_case(session: Session, case_id: int) -> None:
    """Take the person and everything they typed out of the bookings of a case."""
    session.execute(
        update(Booking)
        .where(Booking.case_id == case_id)
        .values(case_id=None, resident_id=None, owner_key=None, contact=None, title=None, answers=None)
    )
