"""Finding bookings again."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from webapp.booking.models import Booking
from webapp.casework.models import Case
from webapp.errors import NotFound
from webapp.payment import charges
from webapp.payment.models import Charge


def lock_booking(session: Session, token: str) -> Booking:
    """One booking, locked for this transaction. Raises NotFound."""
    query = select(Booking).where(Booking.token == token).with_for_update()
    booking = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if booking is None:
        raise NotFound(token, say="その予約は見つかりません。")
    return booking


def lock_with_charge(session: Session, token: str) -> Booking:
    """One booking whose money may move, locked after its charge. Raises NotFound.

    Payments lock the charge first and then what it pays for; who does it the other way round could wait for
    a payment that waits for them.
    """
    charge_id = session.scalar(select(Booking.charge_id).where(Booking.token == token))
    if charge_id is not None:
        charges.lock(session, charge_id)
    return lock_booking(session, token)


def by_token(session: Session, token: str) -> Booking:
    """Raises NotFound."""
    booking = session.scalars(select(Booking).where(Booking.token == token)).one_or_none()
    if booking is None:
        raise NotFound(token, say="その予約は見つかりません。")
    return booking


def lock_basket(session: Session, basket: str) -> list[Booking]:
    """All bookings chosen in one go, locked in the order of their ids."""
    return list(session.scalars(_BASKET, {"basket": basket}))


_BASKET = (
    select(Booking)
    .where(Booking.basket == bindparam("basket"))
    .order_by(Booking.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


def of_basket(session: Session, basket: str) -> list[Booking]:
    return list(session.scalars(select(Booking).where(Booking.basket == basket).order_by(Booking.starts_at)))


def of_case(session: Session, case_id: int) -> list[Booking]:
    """The bookings of a case, in the order of use."""
    query = select(Booking).where(Booking.case_id == case_id).order_by(Booking.starts_at, Booking.id)
    return list(session.scalars(query))


def of_charge(session: Session, charge_id: int) -> list[Booking]:
    """The bookings that one charge pays for."""
    return list(session.scalars(select(Booking).where(Booking.charge_id == charge_id).order_by(Booking.id)))


def of_day(session: Session, facility: str, day: date, states: Sequence[str]) -> list[Booking]:
    """The bookings of a facility on one day, for the timeline."""
    query = select(Booking).where(
        Booking.facility == facility, Booking.use_on == day, Booking.state.in_(list(states))
    )
    return list(session.scalars(query.order_by(Booking.starts_at, Booking.id)))


def case_and_charge(session: Session, booking: Booking) -> tuple[Case | None, Charge | None]:
    """The case a booking stands on and the charge for it."""
    case = session.get(Case, booking.case_id) if booking.case_id is not None else None
    charge = session.get(Charge, booking.charge_id) if booking.charge_id is not None else None
    return case, charge
