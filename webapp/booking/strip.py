"""The rooms of one day laid out along one ruler of time: what the timeline draws and prints."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import gcd
from typing import Literal

from webapp.booking.board import BoardRow, Use
from webapp.booking.facility import Room
from webapp.booking.models import Closure
from webapp.booking.shape import CellState
from webapp.booking.times import clock_text, instant

Kind = Literal["use", "closure", "free", "taken", "closed", "past", "blank"]
HOUR = 60
FINEST = 15
"""Minutes of the narrowest column."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a room's line, in minutes of the day; ``width`` counts columns of the ruler.

    ``taken`` is taken through another room (a half blocks the whole); ``begins_run`` marks the first of
    several free stretches in a row.
    """

    kind: Kind
    start: int
    end: int
    use: Use | None = None
    closure: Closure | None = None
    cell: CellState | None = None
    begins_run: bool = True
    width: int = 0

    @property
    def words(self) -> str:
        return f"{clock_text(self.start)}–{clock_text(self.end)}"


@dataclass(frozen=True)
class Line:
    """One room. More than one lane where uses share the room's time, as where heads are counted."""

    room: Room
    lanes: list[list[Piece]]


@dataclass(frozen=True)
class Strip:
    """All rooms of a day. ``hours`` are (label, columns)."""

    hours: list[tuple[str, int]]
    lines: list[Line]


def strip(rows: Sequence[BoardRow], day: date) -> Strip:
    """Lay out the rows of a day; a day without any choosable time has no hours."""
    found = [_pieces(row, day) for row in rows]
    shown = [one for pieces in found for one in pieces if one.kind != "closure"]
    if not shown:
        return Strip([], [Line(row.room, [[]]) for row in rows])
    begin, end = min(one.start for one in shown), max(one.end for one in shown)
    step = max(FINEST, gcd(HOUR, *(edge for one in shown for edge in (one.start, one.end))))
    begin, end = begin // step * step, -(-end // step) * step
    lines = [
        Line(row.room, [_fill(lane, begin, end, step) for lane in _lanes(pieces)])
        for row, pieces in zip(rows, found, strict=True)
    ]
    return Strip(list(_hours(begin, end, step)), lines)


def _pieces(row: BoardRow, day: date) -> list[Piece]:
    own = [_use(one, day) for one in row.uses] + [_closure(one, day) for one in row.closures]
    cells = [
        Piece(_kind(cell), cell.span.start, cell.span.end, cell=cell)
        for cell in row.cells
        if _kind(cell) == "free" or not any(_meet(cell.span.start, cell.span.end, one) for one in own)
    ]
    return sorted([*own, *_joined(cells, row.room)], key=lambda one: (one.start, one.end))


def _use(use: Use, day: date) -> Piece:
    return Piece("use", _minute(use.booking.starts_at, day), _minute(use.booking.ends_at, day), use=use)


def _closure(closure: Closure, day: date) -> Piece:
    start, end = _minute(closure.starts_at, day), _minute(closure.ends_at, day)
    return Piece("closure", max(0, start), min(24 * HOUR, end), closure=closure)


def _kind(cell: CellState) -> Kind:
    kinds: dict[str, Kind] = {"taken": "taken", "closed": "closed", "past": "past"}
    return kinds.get(cell.state, "free")


def _meet(start: int, end: int, other: Piece) -> bool:
    return start < other.end and other.start < end


def _joined(cells: Iterable[Piece], room: Room) -> Iterator[Piece]:
    """Join stretches that only say why nothing can be booked; of free hours, mark where a run begins."""
    last: Piece | None = None
    for one in cells:
        follows = last is not None and last.kind == one.kind and last.end == one.start
        if follows and last is not None and one.kind != "free":
            last = replace(last, end=one.end)
            continue
        if last is not None:
            yield last
        last = replace(one, begins_run=not (follows and room.mode == "hours"))
    if last is not None:
        yield last


def _lanes(pieces: Sequence[Piece]) -> list[list[Piece]]:
    lanes: list[list[Piece]] = [[]]
    for one in pieces:
        room = next((lane for lane in lanes if not lane or lane[-1].end <= one.start), None)
        if room is None:
            lanes.append([one])
        else:
            room.append(one)
    return lanes


def _fill(lane: Sequence[Piece], begin: int, end: int, step: int) -> list[Piece]:
    """The lane from ``begin`` to ``end`` without holes, each piece with its columns."""
    filled: list[Piece] = []
    at = begin
    for one in lane:
        start = max(at, begin + (one.start - begin) // step * step)
        stop = min(end, begin - (begin - one.end) // step * step)
        if stop <= start:
            continue
        if start > at:
            filled.append(Piece("blank", at, start, width=(start - at) // step))
        filled.append(replace(one, width=(stop - start) // step))
        at = stop
    if at < end:
        filled.append(Piece("blank", at, end, width=(end - at) // step))
    return filled


def _hours(begin: int, end: int, step: int) -> Iterator[tuple[str, int]]:
    at = begin
    while at < end:
        after = min(end, (at // HOUR + 1) * HOUR)
        yield clock_text(at), (after - at) // step
        at = after


def _minute(at: datetime, day: date) -> int:
    return (at - instant(day, 0)) // timedelta(minutes=1)
