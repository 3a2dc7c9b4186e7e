"""Taking cells: one sorted statement that never waits in a circle and never doubles.

Every way to take a cell (hold, series, closure, change) comes through `take_cells`. Rows are inserted
in the order (cell, start) by all of them, so no two transactions can wait for each other in a ring;
a row that collides simply does not come back. READ COMMITTED is enough.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Integer, Select, String, and_, any_, bindparam, delete, select, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from webapp import trips
from webapp.booking.errors import Conflict, Taken
from webapp.booking.facility import Room
from webapp.booking.models import Booking, Cell, Occupancy
from webapp.db import Instant, is_postgres


@dataclass(frozen=True, order=True)
class Slot:
    """A wish for one cell over [starts_at, ends_at)."""

    cell_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Standing:
    """What stands on some cells now: their ids by key, what is taken, and bookings whose hold ran out."""

    cells: Mapping[str, int]
    taken: list[Conflict] = field(default_factory=list)
    expired: list[int] = field(default_factory=list)


def standing(
    session: Session, facility: str, keys: Iterable[str], starts: datetime, ends: datetime, now: datetime
) -> Standing:
    """Look before taking, in one query: most refusals end here, and only the rest costs an insert."""
    asked = {"facility": facility, "keys": list(keys), "starts": starts, "ends": ends}
    found = Standing({})
    cells: dict[str, int] = {}
    rows = _ask(session, _STANDING, _STANDING_IN_SQLITE, asked)
    for key, cell_id, begins, until, booking_id, state, expires_at in rows:
        cells[key] = cell_id
        if state == "held" and expires_at is not None and expires_at <= now:
            found.expired.append(booking_id)
        elif begins is not None:
            found.taken.append(Conflict(key, begins, until))
    return Standing(cells, sorted(found.taken, key=lambda c: (c.part, c.starts_at)), found.expired)


_CELL, _TAKEN, _BOOKING = Cell.__table__.c, Occupancy.__table__.c, Booking.__table__.c
_ON_CELLS = (
    select(
        _CELL.key,
        _CELL.id,
        _TAKEN.starts_at,
        _TAKEN.ends_at,
        _BOOKING.id,
        _BOOKING.state,
        _BOOKING.expires_at,
    )
    .select_from(Cell.__table__)
    .outerjoin(
        Occupancy.__table__,
        and_(
            _TAKEN.cell_id == _CELL.id,
            _TAKEN.starts_at < bindparam("ends", type_=Instant),
            _TAKEN.ends_at > bindparam("starts", type_=Instant),
        ),
    )
    .outerjoin(Booking.__table__, _BOOKING.id == _TAKEN.booking_id)
    .where(_CELL.facility == bindparam("facility"))
)
_STANDING_IN_SQLITE = _ON_CELLS.where(_CELL.key.in_(bindparam("keys", expanding=True)))
_STANDING = trips.Question(_ON_CELLS.where(_CELL.key == any_(bindparam("keys", type_=ARRAY(String)))))
"""One array costs a sixth less than a list of parameters that is written out anew each time."""


def take_cells(
    session: Session,
    facility: str,
    slots: Iterable[Slot],
    *,
    booking_id: int | None = None,
    closure_id: int | None = None,
) -> None:
    """Take all slots or none. Raises Taken, naming the cells; the caller's other work is kept.

    An expired hold in the way has to be cleared first (under the facility's lock, see `clear_expired`).
    """
    wanted = sorted(slots)
    if not wanted:
        return
    insert = _insert if is_postgres(session) else _insert_into_sqlite
    taken = insert(session, facility, wanted, booking_id, closure_id)
    if len(taken) == len(wanted):
        return
    if taken:
        session.execute(delete(Occupancy).where(Occupancy.id.in_(taken)))
    raise Taken(conflicts_of(session, wanted))


def free_cells(session: Session, *, booking_ids: Sequence[int] = (), closure_id: int | None = None) -> None:
    """Give back everything that bookings or a closure hold."""
    if booking_ids:
        session.execute(delete(Occupancy).where(Occupancy.booking_id.in_(booking_ids)))
    if closure_id is not None:
        session.execute(delete(Occupancy).where(Occupancy.closure_id == closure_id))


def conflicts_of(session: Session, slots: Sequence[Slot]) -> list[Conflict]:
    """The parts of a wish that are taken, for telling people."""
    wanted: dict[int, list[Slot]] = {}
    for slot in slots:
        wanted.setdefault(slot.cell_id, []).append(slot)
    asked = {
        "cells": list(wanted),
        "starts": min(slot.starts_at for slot in slots),
        "ends": max(slot.ends_at for slot in slots),
    }
    return [
        Conflict(key, start, end)
        for key, cell_id, start, end in _ask(session, _CONFLICTS, _CONFLICTS_IN_SQLITE, asked)
        if any(slot.starts_at < end and start < slot.ends_at for slot in wanted[cell_id])
    ]


_CONFLICTING = (
    select(_CELL.key, _CELL.id, _TAKEN.starts_at, _TAKEN.ends_at)
    .select_from(Occupancy.__table__)
    .join(Cell.__table__, _CELL.id == _TAKEN.cell_id)
    .where(
        _TAKEN.starts_at < bindparam("ends", type_=Instant),
        _TAKEN.ends_at > bindparam("starts", type_=Instant),
    )
    .order_by(_CELL.key, _TAKEN.starts_at)
)
_CONFLICTS_IN_SQLITE = _CONFLICTING.where(_TAKEN.cell_id.in_(bindparam("cells", expanding=True)))
_CONFLICTS = trips.Question(
    _CONFLICTING.where(_TAKEN.cell_id == any_(bindparam("cells", type_=ARRAY(Integer))))
)


def _ask(
    session: Session, in_postgres: trips.Question, in_sqlite: Select[Any], asked: dict[str, Any]
) -> Iterable[Any]:
    if is_postgres(session):
        return trips.look(session, in_postgres, asked)
    return session.execute(in_sqlite, asked)


def clear_expired(session: Session, facility: str, booking_ids: Sequence[int], now: datetime) -> list[int]:
    """End holds that ran out, and keep others of the facility from taking cells meanwhile.

    Takers share an advisory lock on the facility; who clears holds it alone, because deleting and then
    inserting is the one order of work in which two transactions could wait for each other.
    Returns the ids that were still to be ended. SQLite has one writer and needs no lock.
    """
    if not booking_ids:
        return []
    lock_facility(session, facility)
    still = (
        select(Booking.id)
        .where(Booking.id.in_(booking_ids), Booking.state == "held", Booking.expires_at <= now)
        .order_by(Booking.id)
        .with_for_update(skip_locked=True)
    )
    ids = list(session.scalars(still))
    if ids:
        session.execute(update(Booking).where(Booking.id.in_(ids)).values(state="expired", ended_at=now))
        free_cells(session, booking_ids=ids)
    return ids


def lock_facility(session: Session, facility: str) -> None:
    """Hold the lock that takers share alone, until the transaction ends.

    Who may clear expired holds more than once in a transaction takes it first: two who share it could
    never both have it alone.
    """
    if is_postgres(session):
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:lock))"), {"lock": _lock_name(facility)})


WANTED = """
    FROM facility, unnest(CAST(:cells AS int[]), CAST(:starts AS timestamptz[]),
                          CAST(:ends AS timestamptz[])) AS wanted (cell_id, starts_at, ends_at)
    ORDER BY wanted.cell_id, wanted.starts_at
    ON CONFLICT DO NOTHING
"""
SHARED = "facility AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(hashtext(:lock)))"
_TAKE = text(
    f"""
    WITH {SHARED}
    INSERT INTO occupancy (cell_id, starts_at, ends_at, booking_id, closure_id)
    SELECT wanted.*, CAST(:booking_id AS int), CAST(:closure_id AS int) {WANTED} RETURNING id
    """
)


def _insert(
    session: Session, facility: str, slots: Sequence[Slot], booking_id: int | None, closure_id: int | None
) -> list[int]:
    parameters = asked_of(facility, slots) | {"booking_id": booking_id, "closure_id": closure_id}
    return list(session.scalars(_TAKE, parameters))


def asked_of(facility: str, slots: Sequence[Slot]) -> dict[str, Any]:
    """What `SHARED` and `WANTED` ask for."""
    return {
        "lock": _lock_name(facility),
        "cells": [slot.cell_id for slot in slots],
        "starts": [slot.starts_at for slot in slots],
        "ends": [slot.ends_at for slot in slots],
    }


def _insert_into_sqlite(
    session: Session, _facility: str, slots: Sequence[Slot], booking_id: int | None, closure_id: int | None
) -> list[int]:
    rows = [
        {
            "cell_id": slot.cell_id,
            "starts_at": slot.starts_at,
            "ends_at": slot.ends_at,
            "booking_id": booking_id,
            "closure_id": closure_id,
        }
        for slot in slots
    ]
    return list(session.scalars(sqlite.insert(Occupancy).values(rows).returning(Occupancy.id)))


def _lock_name(facility: str) -> str:
    return f"booking:{facility}"


def slots_of_rooms(
    rooms: Iterable[Room], cells: Mapping[str, int], starts: datetime, ends: datetime
) -> list[Slot]:
    """Every cell of some rooms once, for a closure."""
    atoms = {atom for room in rooms if room.mode != "sessions" for atom in room.atoms}
    return sorted(Slot(cells[atom], starts, ends) for atom in atoms)
