"""One search over all facilities, city-run and manager-run alike, and the nearest free alternative."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice
from math import cos, hypot, radians
from typing import Literal

from sqlalchemy.orm import Session

from webapp import clock
from webapp.booking.availability import ANYONE, DayRow, Place, grid, rows
from webapp.booking.facility import Facilities, Facility, Room
from webapp.booking.person import Booker
from webapp.booking.wish import Span, extras_of
from webapp.yaml_source import Text

KM_PER_DEGREE = 111.2
Why = Literal["here", "other_time", "near"]
DAYS_AROUND, MOST_OTHER_DAYS, MOST_PLACES = 7, 3, 8
"""How far the nearest alternatives are looked for, and how many of one kind."""


@dataclass(frozen=True)
class Question:
    """What somebody looks for; empty parts do not narrow. `start`, `end`: minutes of the day."""

    text: str = ""
    purpose: str = ""
    area: str = ""
    feature: str = ""
    persons: int = 0
    day: date | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class Found:
    """A room that fits; `day` is its day when one was asked for."""

    facility: Facility
    room: Room
    day: DayRow | None = None

    @property
    def free(self) -> bool:
        return self.day is None or self.day.free > 0


@dataclass(frozen=True)
class Alternative:
    """Something else that is free: the same time elsewhere, or the same room at another time."""

    facility: Facility
    room: Room
    day: date
    key: str
    label: str
    why: Why
    km: float = 0.0


def fitting_rooms(facilities: Facilities, question: Question) -> Iterator[tuple[Facility, Room]]:
    """Rooms that fit without looking at the calendar."""
    for facility in facilities:
        if question.area and facility.area.ja != question.area:
            continue
        for room in facility.rooms:
            if _fits(facility, room, question):
                yield facility, room


def search(
    session: Session, facilities: Facilities, question: Question, booker: Booker = ANYONE
) -> list[Found]:
    """All rooms that fit, the free ones first when a day is named."""
    pairs = list(fitting_rooms(facilities, question))
    if question.day is None:
        return [Found(facility, room) for facility, room in pairs]
    found: list[Found] = []
    for facility in dict.fromkeys(facility.slug for facility, _ in pairs):
        site = facilities.by_slug[facility]
        rooms = [room for other, room in pairs if other.slug == facility]
        for room_grid in grid(session, facilities, site, rooms, question.day, 1, booker):
            found.append(Found(site, room_grid.room, _narrow(room_grid.days[0], question)))
    found.sort(key=lambda one: (not one.free, one.room.capacity or 9999))
    return found


def places(found: Sequence[Found]) -> list[Facility]:
    """The facilities that have something of it free, each once."""
    return list({one.facility.slug: one.facility for one in found if one.free}.values())


def areas(facilities: Facilities) -> dict[str, Text]:
    return {facility.area.ja: facility.area for facility in facilities}


def purposes(facilities: Facilities) -> dict[str, Text]:
    """All purposes by key, with the words of the first facility that names it."""
    words: dict[str, Text] = {}
    for facility in facilities:
        for key, text in facility.purposes.items():
            words.setdefault(key, text)
    return words


def equipment(facilities: Facilities) -> dict[str, Text]:
    """What can be borrowed anywhere, by key, with the words of the first table that names it."""
    words: dict[str, Text] = {}
    for facility in facilities:
        for room in facility.rooms:
            for extra in extras_of(facility, room, clock.today()):
                if extra.line_class == "equipment":
                    words.setdefault(extra.key, extra.label)
    return words


def alternatives(
    session: Session,
    facilities: Facilities,
    facility: Facility,
    room: Room,
    day: date,
    span: Span,
    booker: Booker = ANYONE,
    limit: int = 5,
    *,
    persons: int = 0,
) -> list[Alternative]:
    """The nearest free things: other rooms here, the same room another time, other places by distance.

    Rooms that are too small for ``persons``, or let only to larger groups, are left out. Whoever lost a slot
    at nine o'clock waits for this: nothing is worked out beyond the last one shown.
    """
    ask = _Nearest(session, facilities, facility, room, day, span, booker, persons)
    return list(islice(chain(ask.rooms_here(), ask.other_days(), ask.elsewhere()), limit))


def distance_km(a: Facility, b: Facility) -> float:
    """Straight distance; 0 where a place has no position."""
    if None in (a.latitude, a.longitude, b.latitude, b.longitude):
        return 0.0
    north = (a.latitude or 0) - (b.latitude or 0)
    east = ((a.longitude or 0) - (b.longitude or 0)) * cos(radians(a.latitude or 0))
    return hypot(north, east) * KM_PER_DEGREE


def _fits(facility: Facility, room: Room, question: Question) -> bool:
    text = question.text.strip()
    names = (facility.name, room.name, facility.kind)
    words = " ".join(f"{name.ja} {name.in_('en')}" for name in names)
    found = [facility.purposes[p] for p in room.purposes if p in facility.purposes]
    found += [extra.label for extra in extras_of(facility, room, clock.today())] if text else []
    purpose_words = " ".join(f"{one.ja} {one.in_('en')}" for one in found)
    return (
        (not text or all(part.lower() in f"{words} {purpose_words}".lower() for part in text.split()))
        and (not question.purpose or question.purpose in room.purposes)
        and (not question.feature or question.feature in _features(facility, room))
        and _holds(facility, room, question.persons)
    )


def _holds(facility: Facility, room: Room, persons: int) -> bool:
    """Whether so many people may use a room; 0 is anybody."""
    least = room.min_persons or facility.limits.min_persons or 0
    return not persons or (least <= persons and (room.capacity is None or persons <= room.capacity))


def _features(facility: Facility, room: Room) -> set[str]:
    """What a room has, and what can be borrowed for it."""
    return {*room.features, *(extra.key for extra in extras_of(facility, room, clock.today()))}


def _narrow(row: DayRow, question: Question) -> DayRow:
    if question.start is None and question.end is None:
        return row
    start, end = question.start or 0, question.end or 48 * 60
    return DayRow(row.day, row.answer, [c for c in row.cells if c.span.start < end and c.span.end > start])


@dataclass(frozen=True)
class _Nearest:
    """A wish that is taken, and who wishes. Each question reads its occupancy in one query when asked."""

    session: Session
    facilities: Facilities
    facility: Facility
    room: Room
    day: date
    span: Span
    booker: Booker
    persons: int

    def rooms_here(self) -> Iterator[Alternative]:
        room, least = self.room, self.room.capacity or 0
        others = [
            other
            for other in self.facility.rooms
            if other.key != room.key
            and not set(other.atoms) & set(room.atoms)
            and (not room.purposes or set(other.purposes) & set(room.purposes))
            and _holds(self.facility, other, self.persons)
        ]
        others.sort(key=lambda other: abs((other.capacity or least) - least))
        return self._free_at([(self.facility, other) for other in others], "here")

    def other_days(self) -> Iterator[Alternative]:
        around = sorted(range(-DAYS_AROUND, DAYS_AROUND + 1), key=abs)
        days = [self.day + timedelta(days=offset) for offset in around]
        days = [day for day in days if day >= clock.today()] or [self.day]
        place = (self.facility, self.room)
        return islice(
            (
                Alternative(*place, row.day, cell.key, cell.label, "other_time")
                for of_room in rows(self.session, self.facilities, [place], days, self.booker)
                for row in of_room
                for cell in row.cells
                if cell.state == "free" and (row.day == self.day or cell.span == self.span)
            ),
            MOST_OTHER_DAYS,
        )

    def elsewhere(self) -> Iterator[Alternative]:
        others = [other for other in self.facilities if other.slug != self.facility.slug]
        others.sort(key=lambda other: distance_km(self.facility, other))
        wanted = set(self.room.purposes)
        places = [
            (place, room)
            for place in others[:MOST_PLACES]
            for room in place.rooms
            if wanted & set(room.purposes) and _holds(place, room, self.persons)
        ]
        return self._free_at(places, "near")

    def _free_at(self, places: Sequence[Place], why: Why) -> Iterator[Alternative]:
        """The first stretch of each place on the day that meets the wished one."""
        if not places:
            return
        found = rows(self.session, self.facilities, places, [self.day], self.booker)
        for (facility, room), (row,) in zip(places, found, strict=True):
            for cell in row.cells:
                meets = cell.span.start < self.span.end and cell.span.end > self.span.start
                if cell.state == "free" and meets:
                    km = distance_km(self.facility, facility)
                    yield Alternative(facility, room, self.day, cell.key, cell.label, why, km)
                    break
