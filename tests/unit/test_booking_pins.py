"""Pins of the map: none covers another, none leaves the map, and each stays near its place."""

from __future__ import annotations

from itertools import combinations
from math import dist
from pathlib import Path

import pytest

from tests.fakes import hall
from webapp.booking import pins
from webapp.booking.load import load_facilities
from webapp.booking.pins import HEIGHT, WIDTH, Point

DIAMETER = 6.6
"""Twice the radius that the template draws."""
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "places",
    [
        [(50.0, 40.0)] * 28,
        [(4.5, 4.5), (4.5, 4.6), (95.5, 70.5)],
        [(40 + n % 5, 30 + n / 7) for n in range(40)],
    ],
)
def test_no_pin_covers_another_or_leaves_the_map(places: list[Point]) -> None:
    shown = pins.spread(places)
    assert min(dist(one, other) for one, other in combinations(shown, 2)) >= DIAMETER
    assert all(3.3 <= x <= WIDTH - 3.3 and 3.3 <= y <= HEIGHT - 3.3 for x, y in shown)


def test_what_stands_alone_stays_where_it_is() -> None:
    assert pins.spread([(10.0, 10.0), (30.0, 10.0)]) == [(10.0, 10.0), (30.0, 10.0)]


def test_the_sample_citys_pins_stand_apart_near_their_places() -> None:
    shown = pins.pins(load_facilities([ROOT / "demo/facilities"]))
    assert len(shown) > 20 and [pin.number for pin in shown] == list(range(1, len(shown) + 1))
    assert min(dist((a.x, a.y), (b.x, b.y)) for a, b in combinations(shown, 2)) >= DIAMETER
    assert max(dist((pin.x, pin.y), (pin.at_x, pin.at_y)) for pin in shown) < 12


def test_a_facility_that_does_not_say_where_it_is_has_no_pin() -> None:
    assert pins.pins(hall.facilities()) == []
