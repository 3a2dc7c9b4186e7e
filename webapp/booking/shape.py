"""The stretches of a day in which a room is let, worked out once for all rooms that are let alike."""

from bisect import bisect_right
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
"""Busy ranges, and days, that a shape remembers; a month of bookings has some dozens."""


@dataclass(frozen=True, slots=True, eq=False)
class CellState:
    """One choosable stretch in a state. `left` counts seats where heads are counted.

    A shape makes each once, so it is known by being itself: a page looks hundreds of them up.
    """

    span: Span
    name: Text
    """Of the band; where no band has a name, its times."""
    key: str
    state: State
    left: int | None = None

    @property
    def label(self) -> str:
        return self.name.ja


Cells = tuple[CellState, ...]
States = tuple[State, ...]
Left = tuple[int, ...]
"""For each stretch of a day."""


class Shape:
    """The choosable stretches of a day in their order, and which of them a busy range takes."""

    def __init__(self, spans: Sequence[Span], names: Sequence[tuple[str, Text]]) -> None:
        self.spans = spans
        self._names = names
        self._earliest = min((span.start for span in spans), default=0)
        self._latest = max((span.end for span in spans), default=0)
        self._known: dict[Range, list[int]] = {}
        self._starts = [span.start for span in spans]
        self._cells: dict[tuple[int, State, int | None], CellState] = {}
        self._days: dict[tuple[States, int, tuple[bool, ...], Left | None], Cells] = {}

    def begun(self, minute: float) -> int:
        """How many stretches have begun so many minutes after midnight."""
        return bisect_right(self._starts, minute)

    def day(self, ruled: States, begun: int, free: Sequence[bool], left: Left | None = None) -> Cells:
        """All stretches, each in its state; days that are alike are one and the same.

        ``ruled`` is what the rules say of a stretch that has not ``begun`` and is ``free``.
        """
        kind = (ruled, begun, tuple(free), left)
        known = self._days.get(kind)
        if known is None:
            states = (_state(rule, n < begun, free[n]) for n, rule in enumerate(ruled))
            seats = left or (None,) * len(ruled)
            known = tuple(map(self._cell, range(len(ruled)), states, seats))
            if len(self._days) < MOST_KNOWN:
                self._days[kind] = known
        return known

    def _cell(self, number: int, state: State, left: int | None) -> CellState:
        """It is the same on all days, so it is made once."""
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


def _state(ruled: State, is_past: bool, free: bool) -> State:
    if ruled == "closed":
        return "closed"
    if is_past:
        return "past"
    return ruled if free else "taken"


def shape_of(facility: Facility, room: Room) -> Shape:
    """The shape of a room; a definition never changes, so it is kept with the definition."""
    known: Shape | None = facility.worked_out.get(room.key)
    if known is None:
        known = facility.worked_out[room.key] = _shared_shape(facility, room)
    return known


def _shared_shape(facility: Facility, room: Room) -> Shape:
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
