"""What is taken of some rooms over some days, in one query: ranges of cells, and seats of sessions.

The database counts minutes: a number costs a fraction of an instant to bring over.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Integer,
    String,
    any_,
    bindparam,
    case,
    cast,
    extract,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from webapp.booking.facility import Room
from webapp.booking.models import Counter, Occupancy
from webapp.booking.shape import Range
from webapp.booking.times import DAY_MINUTES, instant
from webapp.db import Instant, is_postgres

Occupied = Mapping[int, Sequence[Range]]
"""By cell, in minutes since the midnight that begins the first day in Tokyo."""
Seats = Mapping[tuple[str, int], int]
"""(resource, start in the same minutes) -> taken; ``FULL`` where nobody more may come."""
FULL = -1


def occupied(session: Session, cell_ids: Iterable[int], first: date, days: int) -> Occupied:
    """Occupied ranges by cell over `days` days."""
    wanted = sorted(set(cell_ids))
    if not wanted:
        return {}
    rows = session.execute(_OCCUPIED[is_postgres(session)], {"cells": wanted, **_stretch(first, days)})
    ranges: defaultdict[int, list[Range]] = defaultdict(list)
    zero = _zero(first)
    for cell, begins, ends in rows.all():
        ranges[cell].append(((begins - zero) // 60, (ends - zero) // 60))
    return ranges


def occupied_and_seats(
    session: Session, cell_ids: Iterable[int], resources: Collection[str], first: date, days: int
) -> tuple[Occupied, Seats]:
    """Occupied ranges, and how many seats of the resources are taken, over `days` days."""
    if not resources:
        return occupied(session, cell_ids, first, days), {}
    asked = {"cells": sorted(set(cell_ids)), "resources": list(resources), **_stretch(first, days)}
    ranges: defaultdict[int, list[Range]] = defaultdict(list)
    seats: dict[tuple[str, int], int] = {}
    zero = _zero(first)
    for cell, begins, ends, resource in session.execute(_BOTH[is_postgres(session)], asked).all():
        if resource is None:
            ranges[cell].append(((begins - zero) // 60, (ends - zero) // 60))
        else:
            seats[resource, (begins - zero) // 60] = ends
    return ranges, seats


def _stretch(first: date, days: int) -> dict[str, Any]:
    """A day more: what is let may end after midnight."""
    return {"start": instant(first, 0), "end": instant(first + timedelta(days=days), DAY_MINUTES)}


def _zero(first: date) -> int:
    return int(instant(first, 0).timestamp())


def busy_of(room: Room, facility: str, ids: Mapping[tuple[str, str], int], taken: Occupied) -> list[Range]:
    """The ranges in which any cell of a room is taken, in no order."""
    return [span for atom in room.atoms for span in taken.get(ids.get((facility, atom), 0), ())]


_CELLS, _SEATS = Occupancy.__table__.c, Counter.__table__.c
_START, _END = bindparam("start", type_=Instant), bindparam("end", type_=Instant)
_RANGES = select(
    _CELLS.cell_id,
    cast(extract("epoch", _CELLS.starts_at), BigInteger),
    cast(extract("epoch", _CELLS.ends_at), BigInteger),
).where(_CELLS.starts_at < _END, _CELLS.ends_at > _START)
_COUNTS = select(
    cast(null(), Integer),
    cast(extract("epoch", _SEATS.quantum), BigInteger),
    cast(case((_SEATS.closed, FULL), else_=_SEATS.used), BigInteger),
    _SEATS.resource,
).where(_SEATS.quantum >= _START, _SEATS.quantum < _END)


_OCCUPIED = {
    True: _RANGES.where(_CELLS.cell_id == any_(bindparam("cells", type_=ARRAY(Integer)))),
    False: _RANGES.where(_CELLS.cell_id.in_(bindparam("cells", expanding=True))),
}
"""True: for PostgreSQL, where one parameter holds all cells, so that it is one statement for any number."""
_COUNTED = {
    True: _COUNTS.where(_SEATS.resource == any_(bindparam("resources", type_=ARRAY(String)))),
    False: _COUNTS.where(_SEATS.resource.in_(bindparam("resources", expanding=True))),
}
_BOTH = {
    postgres: select(union_all(ranges.add_columns(cast(null(), String)), _COUNTED[postgres]).subquery())
    for postgres, ranges in _OCCUPIED.items()
}
"""A plain SELECT around the two: nothing begins for it, see `webapp.trips`."""
