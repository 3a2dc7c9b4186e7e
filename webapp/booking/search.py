"""One search over all facilities, city-run and manager-run alike, and the nearest free alternative."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import cos, hypot, radians
from typing import Literal

from sqlalchemy.orm import Session

from webapp import clock
from webapp.booking.availability import ANYONE, DayRow, grid
from webapp.booking.facility import Facilities, Facility, Room
from webapp.booking.person import Booker
from webapp.booking.wish import Span, extras_of
from webapp.yaml_source import Text

KM_PER_DEGREE = 111.2
Why = Literal["here", "other_time", "near"]


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

    Rooms that are too small for ``persons``, or let only to larger groups, are left out.
    """
    found = list(_rooms_here(session, facilities, facility, room, day, span, booker, persons))
    found += _other_days(session, facilities, facility, room, day, span, booker)
    if len(found) < limit:
        found += _elsewhere(session, facilities, facility, room, day, span, booker, persons)
    return found[:limit]


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


def _rooms_here(
    session: Session,
    facilities: Facilities,
    facility: Facility,
    room: Room,
    day: date,
    span: Span,
    booker: Booker,
    persons: int,
) -> Iterator[Alternative]:
    least = room.capacity or 0
    others = [
        other
        for other in facility.rooms
        if other.key != room.key
        and not set(other.atoms) & set(room.atoms)
        and (not room.purposes or set(other.purposes) & set(room.purposes))
        and _holds(facility, other, persons)
    ]
    others.sort(key=lambda other: abs((other.capacity or least) - least))
    yield from _free_at(session, facilities, facility, others, day, span, booker, "here")


def _other_days(
    session: Session,
    facilities: Facilities,
    facility: Facility,
    room: Room,
    day: date,
    span: Span,
    booker: Booker,
) -> list[Alternative]:
    first = day - timedelta(days=7)
    rows = grid(session, facilities, facility, [room], first, 15, booker)[0].days
    rows.sort(key=lambda row: abs((row.day - day).days))
    return [
        Alternative(facility, room, row.day, cell.key, cell.label, "other_time")
        for row in rows
        for cell in row.cells
        if cell.state == "free" and (row.day == day or cell.span == span)
    ][:3]


def _elsewhere(
    session: Session,
    facilities: Facilities,
    facility: Facility,
    room: Room,
    day: date,
    span: Span,
    booker: Booker,
    persons: int,
) -> Iterator[Alternative]:
    places = [other for other in facilities if other.slug != facility.slug]
    places.sort(key=lambda other: distance_km(facility, other))
    for place in places[:8]:
        rooms = [r for r in place.rooms if set(r.purposes) & set(room.purposes) and _holds(place, r, persons)]
        if rooms:
            km = distance_km(facility, place)
            yield from _free_at(session, facilities, place, rooms, day, span, booker, "near", km)


def _free_at(
    session: Session,
    facilities: Facilities,
    facility: Facility,
    rooms: Sequence[Room],
    day: date,
    span: Span,
    booker: Booker,
    why: Why,
    km: float = 0.0,
) -> Iterator[Alternative]:
    for room_grid in grid(session, facilities, facility, rooms, day, 1, booker):
        for cell in room_grid.days[0].cells:
            overlaps = cell.span.start < span.end and cell.span.end > span.start
            if cell.state == "free" and overlaps:
                yield Alternative(facility, room_grid.room, day, cell.key, cell.label, why, km)
                break
