"""What a booking does when its money arrives, is late, or never comes."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import SYSTEM
from webapp.booking import letters
from webapp.booking.errors import Taken
from webapp.booking.facility import Facilities
from webapp.booking.hold import facility_and_room, occupy
from webapp.booking.models import Booking
from webapp.booking.occupy import lock_facility
from webapp.booking.states import take
from webapp.casework import steps
from webapp.casework.models import Case
from webapp.payment.models import Charge
from webapp.payment.settle import Handlers, Paid

GIVEN_UP = frozenset({"cancelled", "displaced", "refused"})


def handlers(facilities: Facilities) -> Handlers:
    """The handlers of purpose "booking"."""

    def on_settled(session: Session, paid: Paid) -> bool:
        return settled(session, facilities, paid)

    return Handlers(on_settled=on_settled, on_pending=wait_for_slip)


def settled(session: Session, facilities: Facilities, paid: Paid) -> bool:
    """Confirm what was paid; a lapsed slot is taken again if free. False: it is gone, a refund is due."""
    bookings = [b for b in _of_charge(session, paid.charge.id) if b.state not in GIVEN_UP]
    if not bookings:
        return False
    if paid.charge.open_yen > 0 and not paid.late:
        return True
    if any(b.state == "lapsed" for b in bookings) and not _take_again(session, facilities, bookings):
        return False
    for booking in bookings:
        booking.paid_yen = booking.total_yen
    _confirm(session, facilities, bookings, amount_yen=paid.charge.lines_yen)
    return True


def confirm_if_nothing_is_open(session: Session, facilities: Facilities, charge: Charge) -> None:
    """After a claim was lowered: what waited for money that nobody owes any more is confirmed."""
    if charge.open_yen > 0 or charge.cancelled_at is not None:
        return
    waiting = [b for b in _of_charge(session, charge.id) if b.state == "awaiting_payment"]
    if waiting:
        _confirm(session, facilities, waiting)


def _confirm(session: Session, facilities: Facilities, bookings: list[Booking], **data: Any) -> None:
    for booking in bookings:
        if booking.state in ("awaiting_payment", "lapsed"):
            take(booking, "restore" if booking.state == "lapsed" else "confirm")
            booking.confirmed_at = clock.now()
            booking.pay_by = None
            booking.ended_at = None
    case = session.get_one(Case, bookings[0].case_id)
    if steps.may(case, "confirm"):
        steps.take(session, case, "confirm", SYSTEM)
    facility, _ = facility_and_room(facilities, bookings[0].facility, bookings[0].room)
    letters.tell_about(session, facility, case, bookings, "booking_confirmed", **data)


def wait_for_slip(session: Session, charge: Charge, until: datetime) -> None:
    """A konbini slip runs: the slot is kept until the slip ends, but never past the start of the use."""
    for booking in _of_charge(session, charge.id):
        if booking.state == "awaiting_payment" and booking.pay_by is not None:
            booking.pay_by = min(max(booking.pay_by, until), booking.starts_at)


def _take_again(session: Session, facilities: Facilities, bookings: list[Booking]) -> bool:
    now = clock.now()
    lock_facility(session, bookings[0].facility)
    point = session.begin_nested()
    try:
        for booking in bookings:
            facility, room = facility_and_room(facilities, booking.facility, booking.room)
            if booking.state == "lapsed":
                occupy(session, facility, room, booking, now)
    except Taken:
        point.rollback()
        return False
    point.commit()
    return True


def _of_charge(session: Session, charge_id: int) -> list[Booking]:
    query = select(Booking).where(Booking.charge_id == charge_id).order_by(Booking.id).with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))
