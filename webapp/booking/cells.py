"""Atomic cells in the database: one row each, never removed while bookings stand on them."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.booking.facility import Facilities, Room
from webapp.booking.models import Cell


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
    """key -> id for all cells of the rooms. Raises LookupError for a cell that was never synced."""
    wanted = sorted({atom for room in rooms for atom in room.atoms})
    query = select(Cell.key, Cell.id).where(Cell.facility == facility, Cell.key.in_(wanted))
    found: dict[str, int] = {row.key: row.id for row in session.execute(query)}
    missing = [key for key in wanted if key not in found]
    if missing:
        raise LookupError(f"cells of {facility} not in the database: {missing}")
    return found


def all_cell_ids(session: Session, facilities: Sequence[str]) -> Mapping[tuple[str, str], int]:
    """(facility, key) -> id for many facilities in one query."""
    query = select(Cell.facility, Cell.key, Cell.id).where(Cell.facility.in_(facilities))
    return {(facility, key): cell_id for facility, key, cell_id in session.execute(query)}
