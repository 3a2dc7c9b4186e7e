"""What is free: one query for all occupied ranges, the rest is subtraction; then what the rules say."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ARRAY, BigInteger, Integer, any_, bindparam, cast, extract, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.booking.cells import all_cell_ids
from webapp.booking.counting import used
from webapp.booking.facility import Facilities, Facility, Room
from webapp.booking.hold import days_of
from webapp.booking.models import Occupancy
from webapp.booking.person import Booker
from webapp.booking.rules import Window
from webapp.booking.shape import CellState, Range, State, shape_of
from webapp.booking.times import DAY_MINUTES, instant
from webapp.booking.windows import Answer, counts_hours, window_for, within
from webapp.db import Instant, is_postgres

Occupied = Mapping[int, Sequence[Range]]
Seats = Mapping[tuple[str, datetime], int]
"""(resource, start) -> taken, see ``counting.used``."""
Place = tuple[Facility, Room]
ANYONE = Booker("")
ONE_MINUTE = timedelta(minutes=1)


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
    query = _OF_ARRAY if is_postgres(session) else _OF_LIST
    rows = session.execute(query, {"cells": wanted, "start": start, "end": end})
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
    _ROWS.starts_at < bindparam("end", type_=Instant),
    _ROWS.ends_at > bindparam("start", type_=Instant),
)
_OF_LIST = _OCCUPIED.where(_ROWS.cell_id.in_(bindparam("cells", expanding=True)))
_OF_ARRAY = _OCCUPIED.where(_ROWS.cell_id == any_(bindparam("cells", type_=ARRAY(Integer))))
"""One parameter for all cells: the statement is the same for three and three hundred."""


def busy_of(room: Room, facility: str, ids: Mapping[tuple[str, str], int], taken: Occupied) -> list[Range]:
    """The ranges in which any cell of a room is taken, in no order."""
    return [span for atom in room.atoms for span in taken.get(ids.get((facility, atom), 0), ())]


def free_spans(
    session: Session, facility: Facility, rooms: Sequence[Room], first: date, days: int
) -> dict[str, list[list[bool]]]:
    """room -> for each day, for each choosable stretch: free or not. Occupancy only, no rules."""
    found = _free(session, [(facility, room) for room in rooms], first, days)
    return {room.key: free for room, free in zip(rooms, found, strict=True)}


def _free(session: Session, places: Sequence[Place], first: date, days: int) -> Iterator[list[list[bool]]]:
    wanted = [(facility.slug, atom) for facility, room in places for atom in room.atoms]
    ids = all_cell_ids(session, wanted)
    taken = occupied(session, [ids[cell] for cell in wanted if cell in ids], first, days)
    for facility, room in places:
        yield shape_of(facility, room).flags(busy_of(room, facility.slug, ids, taken), days)


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
    places = [(facility, room) for room in rooms]
    found = rows(session, facilities, places, [first + timedelta(days=n) for n in range(days)], booker)
    return [RoomGrid(room, list(of_room)) for room, of_room in zip(rooms, found, strict=True)]


def rows(
    session: Session, facilities: Facilities, places: Sequence[Place], days: Sequence[date], booker: Booker
) -> Iterator[Iterator[DayRow]]:
    """For each place its rows in the order of `days`; what is not taken from the iterators is not worked out.

    The occupancy of all places is read in one query, whatever is looked at later.
    """
    first, length = min(days), (max(days) - min(days)).days + 1
    seats = _seats(session, places, first, length)
    rules = Rules(facilities, booker)
    for (facility, room), free in zip(places, _free(session, places, first, length), strict=True):
        taken_on = [(day, free[(day - first).days]) for day in days]
        yield (rules.row(facility, room, day, is_free, seats) for day, is_free in taken_on)


class Rules:
    """What the rules of opening say to one booker now; rooms under the same window share the answer."""

    def __init__(self, facilities: Facilities, booker: Booker) -> None:
        self._facilities, self._booker, self._now = facilities, booker, clock.now()
        self._facts = booker.facts or {"resident": True, "ticket": 0, "commercial": False}
        self._answers: dict[tuple[str, int, date, int], Answer] = {}

    def row(self, facility: Facility, room: Room, day: date, free: Sequence[bool], seats: Seats) -> DayRow:
        """One day of a room."""
        shape, midnight = shape_of(facility, room), instant(day, 0)
        window = window_for(facility, room, self._facts)
        last = shape.spans[-1].start if shape.spans else DAY_MINUTES
        answer = self._answer(facility, window, day, midnight, last)
        own = counts_hours(window)
        now = (self._now - midnight) / ONE_MINUTE
        left = _left(facility, room, midnight, seats)
        cells = []
        for number, (span, is_free) in enumerate(zip(shape.spans, free, strict=True)):
            ruled = self._answer(facility, window, day, midnight, span.start) if own else answer
            remaining = left(span.start)
            open_ = is_free and (remaining is None or remaining > 0)
            cells.append(shape.cell(number, _state(ruled, span.start <= now, open_), remaining))
        return DayRow(day, answer, cells)

    def _answer(
        self, facility: Facility, window: Window | None, day: date, midnight: datetime, start: int
    ) -> Answer:
        key = (facility.slug, id(window), day, start)
        known = self._answers.get(key)
        if known is None:
            known = self._answers[key] = within(
                [window] if window else [],
                day,
                midnight + timedelta(minutes=start),
                days_of(self._facilities, facility),
                self._now,
                at_counter=self._booker.staff,
                registration_until=self._booker.registration_until,
            )
        return known


def _state(answer: Answer, is_past: bool, free: bool) -> State:
    if answer.why_closed is not None:
        return "closed"
    if is_past:
        return "past"
    if not free:
        return "taken"
    if answer.reason == "too_early":
        return "too_early"
    return "free" if answer.reason == "open" else "too_late"


def _seats(session: Session, places: Sequence[Place], first: date, days: int) -> Seats:
    resources = [_resource(facility, room) for facility, room in places if room.sessions is not None]
    if not resources:
        return {}
    return used(session, resources, instant(first, 0), instant(first + timedelta(days=days), 0))


def _left(facility: Facility, room: Room, midnight: datetime, seats: Seats) -> Callable[[int], int | None]:
    """How many seats a stretch has left, by its start in minutes; None where heads are not counted."""
    if room.sessions is None:
        return lambda _start: None
    cap, resource = room.sessions.cap, _resource(facility, room)

    def left(start: int) -> int:
        taken = seats.get((resource, midnight + timedelta(minutes=start)), 0)
        return 0 if taken < 0 else cap - taken

    return left


def _resource(facility: Facility, room: Room) -> str:
    return f"session:{facility.slug}:{room.key}"
