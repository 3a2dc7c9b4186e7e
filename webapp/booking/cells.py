"""Atomic cells in the database: one row each, never removed while bookings stand on them."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from webapp.booking.facility import Facilities, Room
from webapp.booking.models import Cell
from webapp.db import LASTING, is_postgres


def sync_cells(session: Session, facilities: Facilities) -> int:
    """Add the cells that facility files name and the database lacks; returns how many were added."""
    known = {(cell.facility, cell.key) for cell in session.scalars(select(Cell))}
    new = [
        Cell(facility=facility.slug, key=key)
        for facility in facilities
        for key in facility.cells
        if (facility.slug, key) not in known
    ]
    session.add_all(new)
    session.flush()
    return len(new)


def cell_ids(session: Session, facility: str, rooms: Iterable[Room]) -> Mapping[str, int]:
    """key -> id for all cells of the rooms; a cell that the files name for the first time is added."""
    wanted = sorted({atom for room in rooms for atom in room.atoms})
    found = _known(session, facility, wanted)
    missing = [{"facility": facility, "key": key} for key in wanted if key not in found]
    if missing:
        insert = postgresql.insert(Cell) if is_postgres(session) else sqlite.insert(Cell)
        session.execute(insert.values(missing).on_conflict_do_nothing())
        found = _known(session, facility, wanted)
    return found


def _known(session: Session, facility: str, wanted: Sequence[str]) -> dict[str, int]:
    query = select(Cell.key, Cell.id).where(Cell.facility == facility, Cell.key.in_(wanted))
    return {row.key: row.id for row in session.execute(query)}


def all_cell_ids(session: Session, wanted: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
    """(facility, key) -> id of these cells and perhaps more, in at most one query.

    A session that only reads asks once in the life of the process: it sees committed rows alone, and a
    cell, once there, is never removed and never gets another id.
    """
    known: dict[tuple[str, str], int] = session.info.get(LASTING, {}).setdefault("cells", {})
    missing = {facility for facility, key in wanted if (facility, key) not in known}
    if missing:
        query = select(Cell.facility, Cell.key, Cell.id).where(Cell.facility.in_(missing))
        known.update({(facility, key): cell_id for facility, key, cell_id in session.execute(query)})
    return known
