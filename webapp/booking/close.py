"""Closures: maintenance, events of the city, bad weather. They hold cells like a booking does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import SYSTEM, Actor, record
from webapp.booking.cancel import cancel
from webapp.booking.cells import cell_ids
from webapp.booking.counting import Draw, close_quanta
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facilities, Facility, Room
from webapp.booking.find import lock_with_charge
from webapp.booking.hold import clear_holds, release
from webapp.booking.models import Booking, Closure
from webapp.booking.occupy import free_cells, lock_facility, slots_of_rooms, standing, take_cells
from webapp.booking.states import HOLDING
from webapp.booking.times import day_of, instant
from webapp.booking.wish import starts_of
from webapp.calendar.business import days_between
from webapp.errors import NotFound

Kind = Literal["maintenance", "public_use", "weather", "other"]
KIND_WORDS: dict[Kind, str] = {
    "maintenance": "保守・点検",
    "public_use": "公用",
    "weather": "荒天・災害",
    "other": "休止",
}


@dataclass(frozen=True)
class Closed:
    """A closure and the bookings it displaced."""

    closure: Closure
    displaced: list[Booking] = field(default_factory=list)


def in_the_way(
    session: Session, facility: Facility, rooms: Sequence[Room], starts: datetime, ends: datetime
) -> list[Booking]:
    """Bookings that a closure would displace, also of rooms that share a cell and with their cleaning."""
    atoms = {atom for room in rooms for atom in room.atoms}
    cleaning = {r.key: timedelta(minutes=r.buffer_minutes) for r in facility.rooms if atoms & set(r.atoms)}
    query = select(Booking).where(
        Booking.facility == facility.slug,
        Booking.room.in_(cleaning),
        Booking.state.in_(HOLDING),
        Booking.starts_at < ends,
        Booking.ends_at > starts - max(cleaning.values(), default=timedelta()),
    )
    found = session.scalars(query.order_by(Booking.starts_at, Booking.id))
    return [booking for booking in found if booking.ends_at + cleaning[booking.room] > starts]


def close(
    session: Session,
    facilities: Facilities,
    facility: Facility,
    room_keys: Sequence[str],
    starts: datetime,
    ends: datetime,
    *,
    kind: Kind,
    reason: str,
    actor: Actor,
    displace: bool = False,
) -> Closed:
    """Close rooms for a stretch of time.

    With `displace` the bookings in the way are cancelled with a full refund and told why; without it any
    booking in the way raises Taken. Raises NotAllowed for an empty stretch.
    """
    if ends <= starts:
        raise NotAllowed("end", "終わりの日時は、始まりより後にしてください。")
    rooms = [facility.room(key) for key in room_keys]
    displaced = in_the_way(session, facility, rooms, starts, ends) if displace else []
    displaced = _locked(session, facility, displaced)
    for booking in displaced:
        if booking.state == "held":
            release(session, facilities, booking.token)
        else:
            cancel(session, facilities, booking.token, actor=SYSTEM, reason=reason, our_fault=True)
    closure = Closure(
        facility=facility.slug,
        rooms=list(room_keys),
        starts_at=starts,
        ends_at=ends,
        kind=kind,
        reason=reason,
        created_at=clock.now(),
        created_by=actor.id,
    )
    session.add(closure)
    session.flush()
    cells = cell_ids(session, facility.slug, rooms)
    now = clock.now()
    clear_holds(session, facility, standing(session, facility.slug, cells, starts, ends, now).expired, now)
    take_cells(session, facility.slug, slots_of_rooms(rooms, cells, starts, ends), closure_id=closure.id)
    close_quanta(session, _session_quanta(facility, rooms, starts, ends), closed=True)
    _record(session, closure, actor, "closure.made", len(displaced))
    return Closed(closure, displaced)


def _locked(session: Session, facility: Facility, displaced: list[Booking]) -> list[Booking]:
    """Those that still stand, locked: charges, bookings, then the facility, as who moves a booking locks.

    Giving cells back before others are taken is the one order of work in which two could wait for each
    other; who does it holds the facility alone.
    """
    for booking in sorted(displaced, key=lambda one: (one.charge_id or 0, one.id)):
        lock_with_charge(session, booking.token)
    if displaced:
        lock_facility(session, facility.slug)
    return [booking for booking in displaced if booking.state in HOLDING]


def coming(session: Session, facility: str) -> list[Closure]:
    """Closures of a facility that are not over yet."""
    query = select(Closure).where(
        Closure.facility == facility, Closure.ended_at.is_(None), Closure.ends_at > clock.now()
    )
    return list(session.scalars(query.order_by(Closure.starts_at)))


def reopen(
    session: Session, facilities: Facilities, closure_id: int, actor: Actor, *, facility: str | None = None
) -> Closure:
    """End a closure early. Raises NotFound, also for a closure of another facility than `facility`."""
    closure = session.get(Closure, closure_id)
    if closure is not None and facility is not None and closure.facility != facility:
        closure = None
    place = facilities.get(closure.facility) if closure else None
    if closure is None or place is None or closure.ended_at is not None:
        raise NotFound(str(closure_id))
    free_cells(session, closure_id=closure.id)
    rooms = [place.room(key) for key in closure.rooms]
    close_quanta(session, _session_quanta(place, rooms, closure.starts_at, closure.ends_at), closed=False)
    closure.ended_at = clock.now()
    _record(session, closure, actor, "closure.ended", 0)
    return closure


def closures_of(session: Session, facility: str, starts: datetime, ends: datetime) -> list[Closure]:
    query = select(Closure).where(
        Closure.facility == facility,
        Closure.ended_at.is_(None),
        Closure.starts_at < ends,
        Closure.ends_at > starts,
    )
    return list(session.scalars(query.order_by(Closure.starts_at)))


def _session_quanta(
    facility: Facility, rooms: Sequence[Room], starts: datetime, ends: datetime
) -> list[Draw]:
    draws = []
    for room in rooms:
        if room.sessions is None:
            continue
        for day in days_between(day_of(starts), day_of(ends).fromordinal(day_of(ends).toordinal() + 1)):
            for span in starts_of(facility, room):
                if instant(day, span.start) < ends and instant(day, span.end) > starts:
                    resource = f"session:{facility.slug}:{room.key}"
                    draws.append(Draw(resource, instant(day, span.start), 0, room.sessions.cap))
    return draws


def _record(session: Session, closure: Closure, actor: Actor, action: str, displaced: int) -> None:
    details = {"kind": closure.kind, "displaced": displaced}
    record(session, actor, action, object_kind="closure", object_id=closure.id, details=details)
