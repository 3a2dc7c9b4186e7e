"""The reminder on the day before a use."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.booking import letters
from webapp.booking.facility import Facilities
from webapp.booking.models import Booking
from webapp.casework.models import Case


def remind_tomorrow(session: Session, facilities: Facilities, limit: int = 200) -> int:
    """Tell those who use a room tomorrow, once; returns how many of them, 0 when all were told."""
    query = (
        select(Booking)
        .where(
            Booking.state == "confirmed",
            Booking.use_on == clock.today() + timedelta(days=1),
            Booking.reminded_at.is_(None),
            Booking.case_id.is_not(None),
        )
        .order_by(Booking.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(session.scalars(query))
    for booking in found:
        booking.reminded_at = clock.now()
        facility = facilities.get(booking.facility)
        case = session.get(Case, booking.case_id)
        if facility is not None and case is not None:
            letters.tell_about(session, facility, case, [booking], letters.REMINDER)
    return len(found)
