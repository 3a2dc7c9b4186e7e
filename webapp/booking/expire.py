"""What ends by itself: holds nobody confirmed, bookings nobody paid. Run by the worker every minute."""

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import SYSTEM
from webapp.booking import letters
from webapp.booking.cancel import end_case_if_over
from webapp.booking.facility import Facilities
from webapp.booking.find import lock_with_charge
from webapp.booking.hold import facility_and_room, vacate
from webapp.booking.models import Booking
from webapp.booking.states import take
from webapp.casework.models import Case
from webapp.payment import charges
from webapp.payment.models import OPEN_ATTEMPT, PaymentAttempt

BATCH = 200


def expire_holds(
    session: Session, facilities: Facilities, limit: int = BATCH, *, basket: str | None = None
) -> int:
    """Free the slots of holds that ran out, all or a basket's; returns how many.

    Safe to run twice or in two workers.
    """
    over = [Booking.state == "held", Booking.expires_at <= clock.now()]
    query = (
        select(Booking)
        .where(*over, *([] if basket is None else [Booking.basket == basket]))
        .order_by(Booking.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    expired = list(session.scalars(query))
    for booking in expired:
        take(booking, "expire")
        vacate(session, facilities, booking)
    return len(expired)


def lapse_unpaid(session: Session, facilities: Facilities, limit: int = BATCH) -> int:
    """End bookings whose day to pay is over, unless money is on its way; returns how many."""
    kept = [facility.slug for facility in facilities if not facility.payment.lapse]
    over = and_(
        Booking.state == "awaiting_payment",
        Booking.pay_by <= clock.now(),
        Booking.facility.not_in(kept),
        ~_money_is_coming(),
    )
    tokens = session.scalars(
        select(Booking.token).where(over).order_by(Booking.charge_id, Booking.id).limit(limit)
    ).all()
    return sum(_lapse(session, facilities, token, over) for token in tokens)


def _money_is_coming() -> ColumnElement[bool]:
    """A payment page or slip is out: what stays must not stand in the way of what lapses."""
    return exists().where(
        PaymentAttempt.charge_id == Booking.charge_id, PaymentAttempt.status.in_(OPEN_ATTEMPT)
    )


def _lapse(session: Session, facilities: Facilities, token: str, over: ColumnElement[bool]) -> bool:
    booking = lock_with_charge(session, token)
    if session.scalar(select(Booking.id).where(Booking.id == booking.id, over)) is None:
        return False  # paid, moved or ended while this waited for it
    take(booking, "lapse")
    vacate(session, facilities, booking)
    if booking.charge_id is not None:
        charge = charges.lock(session, booking.charge_id)
        charges.cancel(session, charge, reason="支払い期限切れ", actor=SYSTEM)
    if booking.case_id is None:
        return True
    facility, _ = facility_and_room(facilities, booking.facility, booking.room)
    case = session.get_one(Case, booking.case_id)
    session.flush()
    end_case_if_over(session, booking.case_id, SYSTEM, "支払い期限切れ")
    letters.tell_about(session, facility, case, [booking], "booking_expired")
    return True
