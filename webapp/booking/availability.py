"""What is free: one query for all occupied ranges, the rest is subtraction."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import BigInteger, bindparam, cast, extract, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.booking.cells import all_cell_ids
from webapp.booking.counting import used
from webapp.booking.facility import Facilities, Facility, Room
from webapp.booking.hold import days_of
from webapp.booking.models import Occupancy
from webapp.booking.person import Booker
from webapp.booking.times import DAY_MINUTES, instant
from webapp.booking.windows import Answer, counts_hours, when_bookable
from webapp.booking.wish import Span, starts_of
from webapp.db import Instant

State = Literal["free", "taken", "closed", "too_early", "too_late", "past"]
Range = tuple[int, int]
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


def occupied(session: Session, cell_ids: Iterable[int], first: date, days: int) -> Occupied:
    """Occupied ranges by cell over `days` days, in minutes since the midnight that begins `first` in Tokyo.

    The database counts the minutes: a number costs a fraction of an instant to bring over.
    """
    wanted = sorted(set(cell_ids))
    if not wanted:
        return {}
    start, end = instant(first, 0), instant(first + timedelta(days=days), DAY_MINUTES)
    rows = session.execute(_OCCUPIED, {"cells": wanted, "start": start, "end": end})
    found: defaultdict[int, list[Range]] = defaultdict(list)
    zero = int(start.timestamp())
    for cell, begins, ends in rows.all():
        found[cell].append(((begins - zero) // 60, (ends - zero) // 60))
    return found


_ROWS = Occupancy.__table__.c
_OCCUPIED = select(
    _ROWS.cell_id,
    cast(extract("epoch", _ROWS.starts_at), BigInteger),
    cast(extract("epoch", _ROWS.ends_at), BigInteger),
).where(
    _ROWS.cell_id.in_(bindparam("cells", expanding=True)),
    _ROWS.starts_at < bindparam("end", type_=Instant),
    _ROWS.ends_at > bindparam("start", type_=Instant),
)


def busy_of(room: Room, facility: str, ids: Mapping[tuple[str, str], int], taken: Occupied) -> list[Range]:
    """The ranges in which any cell of a room is taken, in no order."""
    return [span for atom in room.atoms for span in taken.get(ids.get((facility, atom), 0), ())]


def free_spans(
    session: Session, facility: Facility, rooms: Sequence[Room], first: date, days: int
) -> dict[str, list[list[bool]]]:
    """room -> for each day, for each choosable stretch: free or not. Occupancy only, no rules."""
    ids = all_cell_ids(session, [facility.slug])
    cells = [
        ids[facility.slug, atom] for room in rooms for atom in room.atoms if (facility.slug, atom) in ids
    ]
    taken = occupied(session, cells, first, days)
    markers: dict[object, _Marker] = {}
    found: dict[str, list[list[bool]]] = {}
    for room in rooms:
        kind = (room.bands, room.step_minutes, room.sessions)
        marker = markers.get(kind)
        if marker is None:
            marker = markers[kind] = _Marker(starts_of(facility, room))
        found[room.key] = marker.flags(busy_of(room, facility.slug, ids, taken), days)
    return found


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
    facts = booker.facts or {"resident": True, "ticket": 0, "commercial": False}
    spans = starts_of(facility, room)
    labels = _labels(facility, room, spans)
    by_the_hour = counts_hours(facility, room, facts)

    def answer_for(day: date, starts: datetime) -> Answer:
        return when_bookable(
            facility,
            [room],
            day,
            starts,
            facts,
            calendars,
            now,
            at_counter=booker.staff,
            registration_until=booker.registration_until,
        )

    for offset in range(days):
        day = first + timedelta(days=offset)
        midnight = instant(day, 0)
        answer = answer_for(day, midnight + timedelta(minutes=spans[-1].start if spans else DAY_MINUTES))
        cells = []
        for span, (key, label), is_free in zip(spans, labels, free[offset], strict=True):
            starts = midnight + timedelta(minutes=span.start)
            left = _left(facility, room, starts, seats)
            open_ = is_free and (left is None or left > 0)
            own = answer_for(day, starts) if by_the_hour else answer
            cells.append(CellState(span, label, key, _state(own, starts, open_, now), left))
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


class _Marker:
    """Says which of some stretches of a day a busy range takes; most ranges of a month are alike."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = [(span.start, span.end) for span in spans]
        self._earliest = min((start for start, _ in self._spans), default=0)
        self._latest = max((end for _, end in self._spans), default=0)
        self._known: dict[Range, list[int]] = {}

    def flags(self, busy: Iterable[Range], days: int) -> list[list[bool]]:
        """For each day, for each stretch: free or not."""
        free = [[True] * len(self._spans) for _ in range(days)]
        known, earliest, latest = self._known, self._earliest, self._latest
        for begins, ends in busy:
            first = max(0, (begins - latest) // DAY_MINUTES + 1)
            last = min(days - 1, (ends - earliest - 1) // DAY_MINUTES)
            for day in range(first, last + 1):
                key = (begins - day * DAY_MINUTES, ends - day * DAY_MINUTES)
                taken = known.get(key)
                if taken is None:
                    taken = known[key] = self._taken_by(key)
                of_day = free[day]
                for position in taken:
                    of_day[position] = False
        return free

    def _taken_by(self, busy: Range) -> list[int]:
        begins, ends = busy
        return [n for n, (start, end) in enumerate(self._spans) if start < ends and end > begins]


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
