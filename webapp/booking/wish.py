"""A wish for a room: which cells and counters it needs, over which stretch of time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType

from webapp.booking.counting import Draw, stock_draws
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Band, Facility, Room
from webapp.booking.models import Booking
from webapp.booking.occupy import Slot
from webapp.booking.times import clock_text, day_of, instant, minutes, minutes_of
from webapp.tariff.table import Extra


@dataclass(frozen=True)
class Wish:
    """What somebody chose. `start` and `end` are minutes of the day, for rooms by the hour and sessions."""

    facility: str
    room: str
    use_on: date
    bands: tuple[str, ...] = ()
    start: int | None = None
    end: int | None = None
    persons: int = 0
    extras: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Span:
    """The stretch of a wish, in minutes of its day."""

    start: int
    end: int

    def starts_at(self, day: date) -> datetime:
        return instant(day, self.start)

    def ends_at(self, day: date) -> datetime:
        return instant(day, self.end)

    @property
    def words(self) -> str:
        return f"{clock_text(self.start)}–{clock_text(self.end)}"


def wish_of(booking: Booking) -> Wish:
    """What a booking stands for now; a change is written as `dataclasses.replace(wish_of(booking), …)`."""
    start = minutes_of(booking.starts_at)
    length = (booking.ends_at - booking.starts_at) // timedelta(minutes=1)
    return Wish(
        booking.facility,
        booking.room,
        booking.use_on,
        tuple(booking.bands),
        start,
        start + length,
        booking.persons,
        dict(booking.extras),
    )


def span_of(facility: Facility, room: Room, wish: Wish) -> Span:
    """The stretch of time. Raises NotAllowed where the room is not let that way."""
    if room.mode == "bands":
        return _band_span(facility, room, wish.bands)
    if wish.start is None:
        raise NotAllowed("start", "使いはじめる時刻を選んでください。")
    if room.sessions is not None:
        return _session_span(room, wish.start)
    if wish.end is None or wish.end <= wish.start:
        raise NotAllowed("end", "終わる時刻は、始まる時刻より後を選んでください。")
    return _hour_span(facility, room, wish.start, wish.end)


def starts_of(facility: Facility, room: Room) -> list[Span]:
    """The smallest stretches that can be chosen: single bands, steps of an hour, sessions."""
    if room.mode == "bands":
        return [Span(band.begins, band.ends) for band in facility.single_bands(room)]
    if room.sessions is not None:
        first, last = minutes(room.sessions.first), minutes(room.sessions.last)
        length = room.sessions.minutes
        return [Span(at, at + length) for at in range(first, last + 1, length)]
    opening = facility.opening
    if opening is None:
        return []
    step = room.step_minutes
    return [
        Span(at, at + step) for at in range(minutes(opening.start), minutes(opening.end) - step + 1, step)
    ]


def slots_of(room: Room, cells: Mapping[str, int], starts: datetime, ends: datetime) -> list[Slot]:
    """The cells of a room for a stretch; the buffer for cleaning follows the use."""
    if room.mode == "sessions":
        return []
    until = ends + timedelta(minutes=room.buffer_minutes)
    return sorted(Slot(cells[atom], starts, until) for atom in room.atoms)


def draws_of(
    facility: Facility, room: Room, starts: datetime, ends: datetime, persons: int, extras: Mapping[str, int]
) -> Iterator[Draw]:
    """Counters that a use raises: the session's seats and the stock of its equipment."""
    if room.sessions is not None:
        resource = f"session:{facility.slug}:{room.key}"
        length = timedelta(minutes=room.sessions.minutes)
        yield Draw(resource, starts, max(persons, 1), room.sessions.cap, length)
    for extra in extras_of(facility, room, day_of(starts)):
        wanted = extras.get(extra.key, 0)
        if extra.stock is not None and wanted:
            yield from stock_draws(f"stock:{facility.slug}:{extra.key}", starts, ends, wanted, extra.stock)


def extras_of(facility: Facility, room: Room, day: date) -> list[Extra]:
    """What can be borrowed or switched on in a room, by the table of that day of use."""
    table = facility.table_on(room, day)
    return [
        extra
        for extra in (table.extras if table is not None else ())
        if any(not price.rooms or room.key in price.rooms for price in extra.prices)
    ]


def draws_of_booking(facility: Facility, booking: Booking) -> list[Draw]:
    room = facility.room(booking.room)
    return list(draws_of(facility, room, booking.starts_at, booking.ends_at, booking.persons, booking.extras))


def _band_span(facility: Facility, room: Room, keys: tuple[str, ...]) -> Span:
    singles = facility.single_bands(room)
    order = {band.key: position for position, band in enumerate(singles)}
    expanded = expand_bands(facility, room, keys)
    if not expanded:
        raise NotAllowed("bands", "使う時間帯を選んでください。")
    positions = [order[key] for key in expanded]
    if positions != list(range(positions[0], positions[0] + len(positions))):
        gap = "続いた時間帯を選んでください。間を空けるときは、予約を2つに分けてください。"
        raise NotAllowed("bands", gap)
    return Span(singles[positions[0]].begins, max(singles[p].ends for p in positions))


def expand_bands(facility: Facility, room: Room, keys: Iterable[str]) -> tuple[str, ...]:
    """Longer bands as the single ones they cover, in the order of the day. Raises NotAllowed."""
    by_key: dict[str, Band] = {band.key: band for band in facility.band_set(room)}
    singles: set[str] = set()
    for key in keys:
        band = by_key.get(key)
        if band is None:
            raise NotAllowed("bands", "この部屋にはない時間帯です。選び直してください。")
        singles.update(band.covers or [key])
    return tuple(band.key for band in facility.single_bands(room) if band.key in singles)


def _session_span(room: Room, start: int) -> Span:
    sessions = room.sessions
    assert sessions is not None
    first, last = minutes(sessions.first), minutes(sessions.last)
    if not first <= start <= last or (start - first) % sessions.minutes:
        raise NotAllowed("start", "この時刻の回はありません。表の中から選んでください。")
    return Span(start, start + sessions.minutes)


def _hour_span(facility: Facility, room: Room, start: int, end: int) -> Span:
    opening = facility.opening
    if opening is None or start < minutes(opening.start) or end > minutes(opening.end):
        raise NotAllowed("hours", "開館時間の中で選んでください。")
    if (start - minutes(opening.start)) % room.step_minutes or (end - start) % room.step_minutes:
        raise NotAllowed("hours", f"{room.step_minutes}分きざみで選んでください。")
    limit = room.max_hours or facility.limits.max_hours
    if limit is not None and end - start > limit * 60:
        raise NotAllowed("max_hours", f"1回に使えるのは{limit}時間までです。")
    return Span(start, end)
