"""The stretches of a day in which a room is let, worked out once for all rooms that are let alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from webapp.booking.facility import Facility, Room
from webapp.booking.times import DAY_MINUTES
from webapp.booking.wish import Span, starts_of
from webapp.yaml_source import Text

State = Literal["free", "taken", "closed", "too_early", "too_late", "past"]
Range = tuple[int, int]
"""Minutes since the midnight that begins the first day asked for."""
MOST_KNOWN = 5_000
"""Busy ranges of a day that a shape remembers; a month of bookings has some dozens."""


@dataclass(frozen=True, slots=True)
class CellState:
    """One choosable stretch of one room on one day. `left` counts seats where heads are counted."""

    span: Span
    name: Text
    """Of the band; where no band has a name, its times."""
    key: str
    state: State
    left: int | None = None

    @property
    def label(self) -> str:
        return self.name.ja


class Shape:
    """The choosable stretches of a day, and which of them a busy range takes."""

    def __init__(self, spans: Sequence[Span], names: Sequence[tuple[str, Text]]) -> None:
        self.spans = spans
        self._names = names
        self._earliest = min((span.start for span in spans), default=0)
        self._latest = max((span.end for span in spans), default=0)
        self._known: dict[Range, list[int]] = {}
        self._cells: dict[tuple[int, State, int | None], CellState] = {}

    def cell(self, number: int, state: State, left: int | None = None) -> CellState:
        """One stretch in a state. It is the same on all days, so it is made once."""
        kind = (number, state, left)
        known = self._cells.get(kind)
        if known is None:
            key, name = self._names[number]
            known = self._cells[kind] = CellState(self.spans[number], name, key, state, left)
        return known

    def flags(self, busy: Iterable[Range], days: int) -> list[list[bool]]:
        """For each day, for each stretch: free or not."""
        free = [[True] * len(self.spans) for _ in range(days)]
        known, earliest, latest = self._known, self._earliest, self._latest
        for begins, ends in busy:
            first = max(0, (begins - latest) // DAY_MINUTES + 1)
            last = min(days - 1, (ends - earliest - 1) // DAY_MINUTES)
            for day in range(first, last + 1):
                key = (begins - day * DAY_MINUTES, ends - day * DAY_MINUTES)
                taken = known.get(key)
                if taken is None:
                    taken = self._taken_by(key)
                of_day = free[day]
                for position in taken:
                    of_day[position] = False
        return free

    def _taken_by(self, busy: Range) -> list[int]:
        begins, ends = busy
        taken = [n for n, span in enumerate(self.spans) if span.start < ends and span.end > begins]
        if len(self._known) < MOST_KNOWN:
            self._known[busy] = taken
        return taken


def shape_of(facility: Facility, room: Room) -> Shape:
    """The shape of a room; a definition never changes, so it is kept with the definition."""
    kind = (room.bands, room.step_minutes, room.sessions)
    known: Shape | None = facility.worked_out.get(kind)
    if known is None:
        spans = starts_of(facility, room)
        known = facility.worked_out[kind] = Shape(spans, _names(facility, room, spans))
    return known


def _names(facility: Facility, room: Room, spans: Sequence[Span]) -> list[tuple[str, Text]]:
    if room.mode == "bands":
        return [(band.key, band.name) for band in facility.single_bands(room)]
    return [(str(span.start), Text(ja=span.words)) for span in spans]
