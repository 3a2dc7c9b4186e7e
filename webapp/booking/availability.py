"""What is free: one query for all occupied ranges, the rest is subtraction."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from sqlalchemy import DateTime, select, type_coerce
from sqlalchemy.orm import Session

from webapp import clock
from webapp.booking.cells import all_cell_ids
from webapp.booking.counting import used
from webapp.booking.facility import Facilities, Facility, Room
from webapp.booking.hold import days_of
from webapp.booking.models import Occupancy
from webapp.booking.person import Booker
from webapp.booking.times import instant
from webapp.booking.windows import Answer, when_bookable
from webapp.booking.wish import Span, starts_of
from webapp.db import is_postgres

State = Literal["free", "taken", "closed", "too_early", "too_late", "past"]
Range = tuple[datetime, datetime]
Occupied = Mapping[int, Sequence[Range]]
ANYONE = Booker("")


@dataclass(frozen=True, slots=True)
class CellState:
    """One choosable stretch of one room on one day. `left` counts seats where heads are counted."""

    span: Span
    label: str
    key: str
    state: State
    left: int | None = None


@dataclass(frozen=True)
class DayRow:
    """One day of a room."""

    day: date
    answer: Answer
    cells: list[CellState]

    @property
    def free(self) -> int:
        return sum(cell.state == "free" for cell in self.cells)


@dataclass(frozen=True)
class RoomGrid:
    """A room over several days."""

    room: Room
    days: list[DayRow]


def occupied(session: Session, cell_ids: Iterable[int], start: datetime, end: datetime) -> Occupied:
    """Occupied ranges by cell, in the order of time; instants are aware, in any zone."""
    raw = DateTime(timezone=True)
    wanted = sorted(set(cell_ids))
    if not wanted:
        return {}
    columns = (Occupancy.cell_id, type_coerce(Occupancy.starts_at, raw), type_coerce(Occupancy.ends_at, raw))
    query = (
        select(*columns)
        .where(Occupancy.cell_id.in_(wanted), Occupancy.starts_at < end, Occupancy.ends_at > start)
        .order_by(Occupancy.cell_id, Occupancy.starts_at)
    )
    found: defaultdict[int, list[Range]] = defaultdict(list)
    if is_postgres(session):
        for cell, begins, ends in session.execute(query).all():
            found[cell].append((begins, ends))
    else:
        for cell, begins, ends in session.execute(query).all():
            found[cell].append((begins.replace(tzinfo=UTC), ends.replace(tzinfo=UTC)))
    return found


def busy_of(room: Room, facility: str, ids: Mapping[tuple[str, str], int], taken: Occupied) -> list[Range]:
    """The ranges in which any cell of a room is taken."""
    atoms = room.atoms
    if len(atoms) == 1:
        return list(taken.get(ids.get((facility, atoms[0]), 0), ()))
    return sorted(span for atom in atoms for span in taken.get(ids.get((facility, atom), 0), ()))


def free_spans(
    session: Session, facility: Facility, rooms: Sequence[Room], first: date, days: int
) -> dict[str, list[list[bool]]]:
    """room -> for each day, for each choosable stretch: free or not. Occupancy only, no rules."""
    ids = all_cell_ids(session, [facility.slug])
    start, end = instant(first, 0), instant(first + timedelta(days=days), 24 * 60)
    cells = [
        ids[facility.slug, atom] for room in rooms for atom in room.atoms if (facility.slug, atom) in ids
    ]
    taken = occupied(session, cells, start, end)
    return {
        room.key: _flags(busy_of(room, facility.slug, ids, taken), starts_of(facility, room), first, days)
        for room in rooms
    }


def grid(
    session: Session,
    facilities: Facilities,
    facility: Facility,
    rooms: Sequence[Room],
    first: date,
    days: int,
    booker: Booker = ANYONE,
) -> list[RoomGrid]:
    """Rooms × days × stretches, with what the rules say for this booker now."""
    free = free_spans(session, facility, rooms, first, days)
    seats = _seats(session, facility, rooms, first, days)
    return [
        RoomGrid(room, list(_days(facilities, facility, room, first, days, free[room.key], seats, booker)))
        for room in rooms
    ]


def _days(
    facilities: Facilities,
    facility: Facility,
    room: Room,
    first: date,
    days: int,
    free: list[list[bool]],
    seats: Mapping[tuple[str, datetime], int],
    booker: Booker,
) -> Iterator[DayRow]:
    now = clock.now()
    calendars = days_of(facilities, facility)
    spans = starts_of(facility, room)
    labels = _labels(facility, room, spans)
    for offset in range(days):
        day = first + timedelta(days=offset)
        latest = instant(day, spans[-1].start) if spans else instant(day, 24 * 60)
        answer = when_bookable(
            facility,
            [room],
            day,
            latest,
            booker.facts or {"resident": True, "ticket": 0, "commercial": False},
            calendars,
            now,
            at_counter=booker.staff,
            registration_until=booker.registration_until,
        )
        cells = []
        for span, (key, label), is_free in zip(spans, labels, free[offset], strict=True):
            left = _left(facility, room, instant(day, span.start), seats)
            open_ = is_free and (left is None or left > 0)
            cells.append(
                CellState(span, label, key, _state(answer, instant(day, span.start), open_, now), left)
            )
        yield DayRow(day, answer, cells)


def _state(answer: Answer, starts: datetime, free: bool, now: datetime) -> State:
    if answer.why_closed is not None:
        return "closed"
    if starts <= now:
        return "past"
    if not free:
        return "taken"
    if answer.reason == "too_early":
        return "too_early"
    return "free" if answer.reason == "open" else "too_late"


def _labels(facility: Facility, room: Room, spans: Sequence[Span]) -> list[tuple[str, str]]:
    if room.mode == "bands":
        return [(band.key, band.name.ja) for band in facility.single_bands(room)]
    return [(str(span.start), span.words) for span in spans]


def _flags(busy: list[Range], spans: Sequence[Span], first: date, days: int) -> list[list[bool]]:
    """Sweep busy ranges and stretches together; both are in the order of time."""
    offsets = [(timedelta(minutes=span.start), timedelta(minutes=span.end)) for span in spans]
    midnight = instant(first, 0)
    result: list[list[bool]] = []
    at, last = 0, len(busy)
    for _ in range(days):
        while at < last and busy[at][1] <= midnight:
            at += 1
        if at == last or busy[at][0] >= midnight + timedelta(days=2):
            result.append([True] * len(offsets))
        else:
            result.append([_is_free(busy, at, midnight + begin, midnight + end) for begin, end in offsets])
        midnight += timedelta(days=1)
    return result


def _is_free(busy: list[Range], at: int, start: datetime, end: datetime) -> bool:
    for begins, ends in busy[at:]:
        if begins >= end:
            return True
        if ends > start:
            return False
    return True


def _seats(
    session: Session, facility: Facility, rooms: Sequence[Room], first: date, days: int
) -> Mapping[tuple[str, datetime], int]:
    resources = [f"session:{facility.slug}:{room.key}" for room in rooms if room.sessions is not None]
    if not resources:
        return {}
    return used(session, resources, instant(first, 0), instant(first + timedelta(days=days), 0))


def _left(
    facility: Facility, room: Room, starts: datetime, seats: Mapping[tuple[str, datetime], int]
) -> int | None:
    if room.sessions is None:
        return None
    taken = seats.get((f"session:{facility.slug}:{room.key}", starts), 0)
    return 0 if taken < 0 else room.sessions.cap - taken
