"""How many slots may be held and left: firmly by browser or person, loosely by address (ADR 8)."""

import math
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.booking.errors import TooManySlots
from webapp.booking.models import Booking
from webapp.errors import TooMany
from webapp.identity import throttle
from webapp.settings import Quotas

SIGNED_IN = 3
"""So many times as much for whoever has signed in; a year of Wednesdays fits."""
UNLIMITED = 2**31 - 1


def count(session: Session, held: Sequence[Booking], quotas: Quotas, place: str) -> None:
    """Count what was just held. Raises TooManySlots; the caller then gives up the whole transaction.

    Called last, after the cells are taken: nobody then waits for a cell while others wait for this count.
    Counting comes before looking, so that two processes look one after the other.
    """
    owner, known = str(held[0].owner_key), held[0].resident_id is not None
    share = SIGNED_IN if known else 1
    _count(session, "hold.owner", owner, len(held), quotas.slots_an_hour * share)
    _check_at_once(session, owner, quotas.slots_at_once * share)
    if not known:
        _count(session, "hold.here", place, len(held), quotas.unfinished_slots_here)


def finished(session: Session, bookings: Sequence[Booking], place: str) -> None:
    """Take off the address's count what was confirmed after all."""
    if bookings[0].resident_id is None:
        throttle.forgive(session, "hold.here", place, by=len(bookings))


def running(session: Session, owner: str) -> list[Booking]:
    """The holds of a browser or person that run just now, the first to end first."""
    query = select(Booking).where(*_running(owner)).order_by(Booking.expires_at, Booking.id)
    return list(session.scalars(query))


def _count(session: Session, name: str, subject: str, by: int, most: int) -> None:
    try:
        throttle.count(session, name, subject, by=by, most=most or UNLIMITED)
    except TooMany as many:
        raise TooManySlots(name, most, many.retry_after) from None


def _check_at_once(session: Session, owner: str, most: int) -> None:
    session.flush()
    found, until = session.execute(
        select(func.count(), func.min(Booking.expires_at)).where(*_running(owner))
    ).one()
    if most and until is not None and found > most:
        seconds = math.ceil((until - clock.now()).total_seconds())
        raise TooManySlots("hold.at_once", most, max(1, seconds))


def _running(owner: str) -> tuple[ColumnElement[bool], ...]:
    return Booking.owner_key == owner, Booking.state == "held", Booking.expires_at > clock.now()
