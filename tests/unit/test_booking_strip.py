"""A day's rooms along one ruler of time."""

from datetime import date

from tests.fakes import hall
from webapp.booking.availability import CellState
from webapp.booking.board import BoardRow, Use
from webapp.booking.facility import Room
from webapp.booking.models import Booking
from webapp.booking.strip import Line, strip
from webapp.booking.times import instant
from webapp.booking.wish import Span

DAY = date(2026, 6, 10)
ROOM = hall.facilities().by_slug["gym"].room("a")
HOURLY = ROOM.model_copy(update={"bands": None})


def use(start: int, end: int) -> Use:
    return Use(Booking(starts_at=instant(DAY, start * 60), ends_at=instant(DAY, end * 60)), None)


def cell(start: int, end: int, state: str = "free") -> CellState:
    return CellState(Span(start * 60, end * 60), f"{start}時", str(start), state)  # type: ignore[arg-type]


def line(room: Room, uses: list[Use], cells: list[CellState]) -> Line:
    return strip([BoardRow(room, uses, [], cells)], DAY).lines[0]


def test_every_lane_is_as_wide_as_the_ruler() -> None:
    rows = [
        BoardRow(ROOM, [use(9, 12)], [], [cell(9, 12, "taken"), cell(13, 17)]),
        BoardRow(ROOM, [], [], [cell(18, 21)]),
    ]
    laid = strip(rows, DAY)
    wide = sum(width for _label, width in laid.hours)
    assert {sum(piece.width for piece in lane) for one in laid.lines for lane in one.lanes} == {wide}
    assert [label for label, _width in laid.hours][:2] == ["9:00", "10:00"]


def test_a_room_taken_through_its_other_half_says_so_in_one_stretch() -> None:
    cells = [cell(9, 10, "taken"), cell(10, 11, "taken"), cell(11, 12)]
    (lane,) = line(ROOM, [], cells).lanes
    assert [(one.kind, one.words) for one in lane] == [("taken", "9:00–11:00"), ("free", "11:00–12:00")]


def test_visits_that_share_an_hour_stand_in_lanes_of_their_own() -> None:
    found = line(ROOM, [use(9, 10), use(9, 10)], [cell(9, 10), cell(10, 11)])
    kinds = [[one.kind for one in lane] for lane in found.lanes]
    assert sorted(len([k for k in lane if k == "use"]) for lane in kinds) == [0, 1, 1]


def test_of_free_hours_in_a_row_only_the_first_takes_a_stop_of_the_tab_key() -> None:
    (lane,) = line(HOURLY, [use(11, 12)], [cell(9, 10), cell(10, 11), cell(12, 13)]).lanes
    assert [one.begins_run for one in lane if one.kind == "free"] == [True, False, True]


def test_the_night_goes_on_past_midnight() -> None:
    laid = strip([BoardRow(ROOM, [use(20, 33)], [], [cell(20, 33, "taken")])], DAY)
    assert [label for label, _width in laid.hours][-1] == "翌8:00"


def test_a_day_without_any_time_to_choose_has_no_ruler() -> None:
    assert strip([BoardRow(ROOM, [], [], [])], DAY).hours == []
