"""Taking cells: one sorted statement that never waits in a circle and never doubles.

Every way to take a cell (hold, series, closure, change) comes through `take_cells`. Rows are inserted
in the order (cell, start) by all of them, so no two transactions can wait for each other in a ring;
a row that collides simply does not come back. READ COMMITTED is enough.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from webapp.booking.errors import Conflict, Taken
from webapp.booking.facility import Room
from webapp.booking.models import Booking, Cell, Occupancy
from webapp.db import is_postgres


@dataclass(frozen=True, order=True)
class Slot:
    """A wish for one cell over [starts_at, ends_at)."""

    cell_id: int
    starts_at: datetime
    ends_at: datetime


def take_cells(
    session: Session, slots: Iterable[Slot], *, booking_id: int | None = None, closure_id: int | None = None
) -> None:
    """Take all slots or none. Raises Taken, naming the cells; the caller's other work is kept.

    An expired hold in the way is cleared first (under the facility's lock, see `clear_expired`).
    """
    wanted = sorted(slots)
    point = session.begin_nested()
    if len(_insert(session, wanted, booking_id, closure_id)) == len(wanted):
        point.commit()
        return
    point.rollback()
    raise Taken(conflicts_of(session, wanted))


def take_what_is_free(session: Session, wishes: dict[int, Sequence[Slot]]) -> set[int]:
    """Take the slots of several bookings in one statement; returns the booking ids that got all of theirs.

    The rows of a booking that got only a part are given back at once.
    """
    rows = sorted((slot, booking_id) for booking_id, slots in wishes.items() for slot in slots)
    values = [_values(slot, booking_id, None) for slot, booking_id in rows]
    taken = _insert_values(session, values)
    got = {
        booking_id
        for booking_id, slots in wishes.items()
        if all((slot.cell_id, slot.starts_at) in taken for slot in slots)
    }
    lost = sorted(set(wishes) - got)
    if lost:
        session.execute(delete(Occupancy).where(Occupancy.booking_id.in_(lost)))
    return got


def free_cells(session: Session, *, booking_ids: Sequence[int] = (), closure_id: int | None = None) -> None:
    """Give back everything that bookings or a closure hold."""
    if booking_ids:
        session.execute(delete(Occupancy).where(Occupancy.booking_id.in_(booking_ids)))
    if closure_id is not None:
        session.execute(delete(Occupancy).where(Occupancy.closure_id == closure_id))


def conflicts_of(session: Session, slots: Sequence[Slot]) -> list[Conflict]:
    """The parts of a wish that are taken, for telling people."""
    found: list[Conflict] = []
    for slot in slots:
        query = (
            select(Cell.key, Occupancy.starts_at, Occupancy.ends_at)
            .join(Cell, Cell.id == Occupancy.cell_id)
            .where(
                Occupancy.cell_id == slot.cell_id,
                Occupancy.starts_at < slot.ends_at,
                Occupancy.ends_at > slot.starts_at,
            )
        )
        found += [Conflict(key, start, end) for key, start, end in session.execute(query)]
    return found


def clear_expired(session: Session, facility: str, slots: Sequence[Slot], now: datetime) -> list[int]:
    """Free the slots from holds that ran out, and keep others of the facility from racing meanwhile.

    Takers share an advisory lock on the facility; who clears holds it alone, because deleting and then
    inserting is the one order of work in which two transactions could wait for each other.
    Returns the ids of the expired bookings (their state is set). SQLite has one writer and needs no lock.
    """
    if not slots:
        return []
    over = _overlapping_expired(slots, now)
    found = list(session.scalars(over))
    lock_facility(session, facility, alone=bool(found))
    if not found:
        return []
    locked = over.order_by(Booking.id).with_for_update(skip_locked=True, of=Booking)
    ids = sorted(set(session.scalars(locked if is_postgres(session) else over)))
    if ids:
        session.execute(update(Booking).where(Booking.id.in_(ids)).values(state="expired", ended_at=now))
        free_cells(session, booking_ids=ids)
    return ids


def _overlapping_expired(slots: Sequence[Slot], now: datetime) -> Select[int]:
    cells = {slot.cell_id for slot in slots}
    return (
        select(Booking.id)
        .join(Occupancy, Occupancy.booking_id == Booking.id)
        .where(
            Occupancy.cell_id.in_(cells),
            Occupancy.starts_at < max(slot.ends_at for slot in slots),
            Occupancy.ends_at > min(slot.starts_at for slot in slots),
            Booking.state == "held",
            Booking.expires_at <= now,
        )
    )


def lock_facility(session: Session, facility: str, *, alone: bool) -> None:
    """Share the facility's lock with other takers, or hold it alone (until the transaction ends).

    Who may clear expired holds more than once in a transaction takes it alone at once: two who share it
    could never both have it alone.
    """
    if not is_postgres(session):
        return
    name = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    session.execute(text(f"SELECT {name}(hashtext(:facility))"), {"facility": f"booking:{facility}"})


def _insert(
    session: Session, slots: Sequence[Slot], booking_id: int | None, closure_id: int | None
) -> set[tuple[int, datetime]]:
    return _insert_values(session, [_values(slot, booking_id, closure_id) for slot in slots])


def _insert_values(session: Session, values: list[dict[str, object]]) -> set[tuple[int, datetime]]:
    if not values:
        return set()
    returning = (Occupancy.cell_id, Occupancy.starts_at)
    if is_postgres(session):
        statement = postgresql.insert(Occupancy).values(values).on_conflict_do_nothing()
        return {(cell, start) for cell, start in session.execute(statement.returning(*returning))}
    plain = sqlite.insert(Occupancy).values(values)
    return {(cell, start) for cell, start in session.execute(plain.returning(*returning))}


def _values(slot: Slot, booking_id: int | None, closure_id: int | None) -> dict[str, object]:
    return {
        "cell_id": slot.cell_id,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "booking_id": booking_id,
        "closure_id": closure_id,
    }


def slots_of_rooms(
    rooms: Iterable[Room], cells: Mapping[str, int], starts: datetime, ends: datetime
) -> list[Slot]:
    """Every cell of some rooms once, for a closure."""
    atoms = {atom for room in rooms if room.mode != "sessions" for atom in room.atoms}
    return sorted(Slot(cells[atom], starts, ends) for atom in atoms)
