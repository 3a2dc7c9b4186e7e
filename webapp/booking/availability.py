"""What is free: one query for all occupied ranges, the rest is subtraction; then what the rules say."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from webapp import clock
from webapp.booking.cells import all_cell_ids
from webapp.booking.facility import Facilities, Facility, Room
from webapp.booking.hold import days_of
from webapp.booking.person import Booker
from webapp.booking.rules import Window
from webapp.booking.shape import CellState, Left, State, shape_of
from webapp.booking.taken import FULL, Seats, busy_of, occupied_and_seats
from webapp.booking.times import DAY_MINUTES, instant
from webapp.booking.windows import Answer, Bounds, bounds_of, counts_hours, window_for

Place = tuple[Facility, Room]
ANYONE = Booker("")
ONE_MINUTE = timedelta(minutes=1)
MOST_BOUNDS = 10_000
"""Days of rooms whose opening is remembered; the city's rooms under one window share them."""


@dataclass(frozen=True)
class DayRow:
    """One day of a room."""

    day: date
    answer: Answer
    cells: Sequence[CellState]

    @property
    def is_closed(self) -> bool:
        """There are stretches, and none of them is let on this day."""
        return self.answer.why_closed is not None and bool(self.cells)

    @property
    def free(self) -> int:
        return sum(cell.state == "free" for cell in self.cells)


@dataclass(frozen=True)
class RoomGrid:
    """A room over several days."""

    room: Room
    days: list[DayRow]


def free_spans(
    session: Session, facility: Facility, rooms: Sequence[Room], first: date, days: int
) -> dict[str, list[list[bool]]]:
    """room -> for each day, for each choosable stretch: free or not. Occupancy only, no rules."""
    places = [(facility, room) for room in rooms]
    found, _seats = _taken(session, places, (), first, days)
    return {room.key: free for room, free in zip(rooms, found, strict=True)}


def _taken(
    session: Session, places: Sequence[Place], resources: Collection[str], first: date, days: int
) -> tuple[Iterator[list[list[bool]]], Seats]:
    """For each place its days and stretches, free or not; and the seats taken. One query."""
    wanted = [(facility.slug, atom) for facility, room in places for atom in room.atoms]
    ids = all_cell_ids(session, wanted)
    known = [ids[cell] for cell in wanted if cell in ids]
    taken, seats = occupied_and_seats(session, known, resources, first, days)
    flags = (
        shape_of(facility, room).flags(busy_of(room, facility.slug, ids, taken), days)
        for facility, room in places
    )
    return flags, seats


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

    What is taken of all places is read in one query, whatever is looked at later.
    """
    first, length = min(days), (max(days) - min(days)).days + 1
    resources = [_resource(facility, room) for facility, room in places if room.sessions is not None]
    found, seats = _taken(session, places, resources, first, length)
    rules = Rules(facilities, booker)
    offsets = [(day - first).days for day in days]
    for (facility, room), free in zip(places, found, strict=True):
        taken_on = [(free[at], _left(facility, room, seats, at)) for at in offsets]
        yield (
            rules.row(facility, room, day, is_free, left)
            for day, (is_free, left) in zip(days, taken_on, strict=True)
        )


class Rules:
    """What the rules of opening say to one booker now; rooms under the same window share the answer."""

    def __init__(self, facilities: Facilities, booker: Booker) -> None:
        self._facilities, self._booker, self._now = facilities, booker, clock.now()
        self._facts = booker.facts or {"resident": True, "ticket": 0, "commercial": False}
        self._windows: dict[tuple[str, str], Window | None] = {}
        self._answers: dict[tuple[str, int, date, int], Answer] = {}

    def row(
        self, facility: Facility, room: Room, day: date, free: Sequence[bool], left: Left | None
    ) -> DayRow:
        """One day of a room; ``left`` where heads are counted."""
        shape, window = shape_of(facility, room), self._window(facility, room)
        last = shape.spans[-1].start if shape.spans else DAY_MINUTES
        answer = self._answer(facility, window, day, last)
        if left is not None:
            free = [is_free and seats_left > 0 for is_free, seats_left in zip(free, left, strict=True)]
        if counts_hours(window):
            ruled = tuple(_ruled(self._answer(facility, window, day, span.start)) for span in shape.spans)
        else:
            ruled = (_ruled(answer),) * len(shape.spans)
        begun = shape.begun((self._now - instant(day, 0)) / ONE_MINUTE)
        return DayRow(day, answer, shape.day(ruled, begun, free, left))

    def _window(self, facility: Facility, room: Room) -> Window | None:
        place = (facility.slug, room.key)
        if place not in self._windows:
            self._windows[place] = window_for(facility, room, self._facts)
        return self._windows[place]

    def _answer(self, facility: Facility, window: Window | None, day: date, start: int) -> Answer:
        key = (facility.slug, id(window), day, start)
        known = self._answers.get(key)
        if known is None:
            bounds = self._bounds(facility, window, day, start)
            known = self._answers[key] = bounds.answer(self._now, self._booker.registration_until)
        return known

    def _bounds(self, facility: Facility, window: Window | None, day: date, start: int) -> Bounds:
        """They count business days back and forth, and stay the same: kept for the next page."""
        kept: dict[Any, tuple[Window | None, Bounds]] = self._facilities.worked_out
        key = (facility.slug, id(window), day, start, self._booker.staff)
        known = kept.get(key)
        if known is None:
            days, windows = days_of(self._facilities, facility), [window] if window else []
            bounds = bounds_of(windows, day, instant(day, start), days, at_counter=self._booker.staff)
            if len(kept) >= MOST_BOUNDS:
                kept.clear()
            known = kept[key] = (window, bounds)  # the window is kept, so its id stays its own
        return known[1]


def _ruled(answer: Answer) -> State:
    """The state of a stretch that has not begun and is not taken."""
    if answer.why_closed is not None:
        return "closed"
    if answer.reason == "too_early":
        return "too_early"
    return "free" if answer.reason == "open" else "too_late"


def _left(facility: Facility, room: Room, seats: Seats, days: int) -> Left | None:
    """How many seats each stretch has left so many days after the first; None where heads are not counted."""
    if room.sessions is None:
        return None
    cap, resource, midnight = room.sessions.cap, _resource(facility, room), days * DAY_MINUTES
    taken = [seats.get((resource, midnight + span.start), 0) for span in shape_of(facility, room).spans]
    return tuple(0 if number == FULL else cap - number for number in taken)


def _resource(facility: Facility, room: Room) -> str:
    return f"session:{facility.slug}:{room.key}"
