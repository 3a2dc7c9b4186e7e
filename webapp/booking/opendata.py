"""Availability for everyone: JSON and iCal, without anything personal."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, NotRequired

from pydantic import Field
from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # pydantic reads the library's own from Python 3.12 on

from webapp import clock
from webapp.booking.availability import RoomGrid
from webapp.booking.cells import all_cell_ids
from webapp.booking.facility import Facilities, Facility, Room
from webapp.booking.shape import CellState, Range, State
from webapp.booking.taken import busy_of, occupied
from webapp.booking.times import instant

FOLD_OCTETS = 75
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class RoomEntry(TypedDict):
    """A room; ``parts`` are the smallest cells it is made of, so rooms that share one exclude each other."""

    id: str
    name: dict[str, str]
    capacity: int | None
    purposes: list[str]
    features: list[str]
    parts: list[str]


class FacilityEntry(TypedDict):
    """A facility; names by language (``ja``, and ``easy``, ``en`` where there is one)."""

    id: str
    name: dict[str, str]
    area: str
    latitude: float | None
    longitude: float | None
    operator: str
    rooms: list[RoomEntry]


class Slot(TypedDict):
    """A stretch of a day: ``start`` and ``end`` in minutes since 0:00; ``left`` where heads are counted."""

    start: int
    end: int
    state: State
    left: NotRequired[int]


class DayEntry(TypedDict):
    """One day of a room."""

    date: Day
    slots: list[Slot]


class RoomDays(TypedDict):
    """The days of one room."""

    id: str
    days: list[DayEntry]


class Availability(TypedDict):
    """States by room, day and stretch; times are local (``time_zone``)."""

    facility: str
    time_zone: str
    generated_at: Moment
    rooms: list[RoomDays]


def index(facilities: Facilities) -> list[FacilityEntry]:
    """All facilities with their rooms."""
    return [
        {
            "id": facility.slug,
            "name": facility.name.model_dump(exclude_none=True),
            "area": facility.area.ja,
            "latitude": facility.latitude,
            "longitude": facility.longitude,
            "operator": facility.operator.name.ja,
            "rooms": [
                {
                    "id": room.key,
                    "name": room.name.model_dump(exclude_none=True),
                    "capacity": room.capacity,
                    "purposes": room.purposes,
                    "features": room.features,
                    "parts": list(room.atoms),
                }
                for room in facility.rooms
            ],
        }
        for facility in facilities
    ]


def availability(facility: Facility, grids: Sequence[RoomGrid]) -> Availability:
    """States by room, day and stretch; times are local (Asia/Tokyo)."""
    return {
        "facility": facility.slug,
        "time_zone": "Asia/Tokyo",
        "generated_at": clock.now().isoformat(),
        "rooms": [
            {
                "id": grid.room.key,
                "days": [
                    {
                        "date": row.day.isoformat(),
                        "slots": [_slot(cell) for cell in row.cells],
                    }
                    for row in grid.days
                ],
            }
            for grid in grids
        ],
    }


def _slot(cell: CellState) -> Slot:
    slot = Slot(start=cell.span.start, end=cell.span.end, state=cell.state)
    if cell.left is not None:
        slot["left"] = cell.left
    return slot


def calendar(session: Session, facility: Facility, room: Room, first: date, days: int) -> str:
    """Busy times of a room as iCalendar (RFC 5545), titled only 「予約あり」."""
    wanted = [(facility.slug, atom) for atom in room.atoms]
    ids = all_cell_ids(session, wanted)
    cells = [ids[cell] for cell in wanted if cell in ids]
    busy = merged(busy_of(room, facility.slug, ids, occupied(session, cells, first, days)))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//madoguchi//availability//JA",
        f"X-WR-CALNAME:{_escaped(f'{facility.name.ja} {room.name.ja}')}",
    ]
    for start, end in busy:
        lines += _event(facility, room, instant(first, start), instant(first, end))
    return "\r\n".join([*(folded(line) for line in lines), "END:VCALENDAR", ""])


def merged(ranges: Sequence[Range]) -> Iterator[Range]:
    """Touching and overlapping ranges as one."""
    current: Range | None = None
    for start, end in sorted(ranges):
        if current is not None and start <= current[1]:
            current = (current[0], max(current[1], end))
            continue
        if current is not None:
            yield current
        current = (start, end)
    if current is not None:
        yield current


def _event(facility: Facility, room: Room, start: datetime, end: datetime) -> list[str]:
    begins, ends = (f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" for at in (start, end))
    return [
        "BEGIN:VEVENT",
        f"UID:{facility.slug}-{room.key}-{begins}@madoguchi",
        f"DTSTAMP:{clock.now():%Y%m%dT%H%M%SZ}",
        f"DTSTART:{begins}",
        f"DTEND:{ends}",
        "SUMMARY:予約あり",
        "TRANSP:OPAQUE",
        "END:VEVENT",
    ]


def folded(line: str) -> str:
    """A line of at most 75 octets, gone on with on the next (RFC 5545 3.1); no character is cut."""
    lines = [""]
    for letter in line:
        if len((lines[-1] + letter).encode()) > FOLD_OCTETS:
            lines.append(" ")
        lines[-1] += letter
    return "\r\n".join(lines)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
