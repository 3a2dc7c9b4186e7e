"""A stretch of a day is in one state, and days that are alike are one."""

import pytest

from webapp.booking.shape import Shape, State
from webapp.booking.wish import Span
from webapp.yaml_source import Text

NAMES = [(str(hour), Text(ja=f"{hour}時")) for hour in (9, 10, 11)]


@pytest.fixture
def shape() -> Shape:
    return Shape([Span(hour * 60, hour * 60 + 60) for hour in (9, 10, 11)], NAMES)


@pytest.mark.parametrize(
    "ruled, begun, free, state",
    [
        ("closed", 1, False, "closed"),
        ("too_early", 1, False, "past"),
        ("too_early", 0, False, "taken"),
        ("too_early", 0, True, "too_early"),
        ("too_late", 0, True, "too_late"),
        ("free", 0, True, "free"),
    ],
)
def test_a_closed_day_is_said_before_time_gone_by_and_that_before_what_is_taken(
    shape: Shape, ruled: State, begun: int, free: bool, state: State
) -> None:
    cells = shape.day((ruled,) * 3, begun, [free, True, True])
    assert cells[0].state == state


def test_a_time_has_begun_from_its_first_minute_on(shape: Shape) -> None:
    assert [shape.begun(minute) for minute in (-600, 539.9, 540, 599, 660, 2000)] == [0, 0, 1, 1, 3, 3]


def test_days_that_are_alike_are_one_and_others_are_not(shape: Shape) -> None:
    day = shape.day(("free",) * 3, 0, [True, False, True])
    assert shape.day(("free",) * 3, 0, [True, False, True]) is day
    others = (
        shape.day(("free",) * 3, 0, [True, True, True]),
        shape.day(("free",) * 3, 1, [True, False, True]),
        shape.day(("too_late",) * 3, 0, [True, False, True]),
        shape.day(("free",) * 3, 0, [True, False, True], (5, 0, 4)),
    )
    assert all(other != day for other in others)


def test_seats_left_belong_to_the_stretch(shape: Shape) -> None:
    cells = shape.day(("free",) * 3, 0, [True, False, True], (5, 0, 4))
    assert [(cell.state, cell.left) for cell in cells] == [("free", 5), ("taken", 0), ("free", 4)]
