"""Facilities as numbered pins on a plain map: no pin covers another, and each says where it belongs."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from webapp.booking.facility import Facility

WIDTH, HEIGHT = 100.0, 75.0
"""The map's own units; north is up."""
EDGE = 4.5
APART = 7.2
"""From one centre to the next: a pin is as wide as a finger's target on a phone, and a little air."""
ROUNDS = 400
_TURN = 2.399963
"""The golden angle: pins of one and the same place leave it in all directions."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Pin:
    """Where the number stands, and where the facility is."""

    number: int
    facility: Facility
    x: float
    y: float
    at_x: float
    at_y: float

    @property
    def is_moved(self) -> bool:
        return math.dist((self.x, self.y), (self.at_x, self.at_y)) > 0.5


def pins(facilities: Iterable[Facility]) -> list[Pin]:
    """The facilities that say where they are, in their order."""
    placed = [f for f in facilities if f.latitude is not None and f.longitude is not None]
    places = _on_the_map([(f.longitude or 0.0, f.latitude or 0.0) for f in placed])
    shown = spread(places)
    return [
        Pin(number, facility, *_short(at), *_short(place))
        for number, (facility, at, place) in enumerate(zip(placed, shown, places, strict=True), 1)
    ]


def spread(places: Sequence[Point]) -> list[Point]:
    """Push points that are too near each other apart, as little as it takes; nothing leaves the map."""
    apart = min(APART, 0.7 * math.sqrt(WIDTH * HEIGHT / max(1, len(places))))
    at = list(places)
    for _ in range(ROUNDS):
        if not _push(at, apart):
            break
    return at


def _push(at: list[Point], apart: float) -> bool:
    """One round over all pairs; says whether any two were too near."""
    pushed = False
    for one in range(len(at)):
        for other in range(one + 1, len(at)):
            (ax, ay), (bx, by) = at[one], at[other]
            distance = math.hypot(bx - ax, by - ay)
            if distance >= apart - 0.05:
                continue
            pushed = True
            turn = math.atan2(by - ay, bx - ax) if distance > 0.01 else _TURN * other
            step = (apart - distance) / 2
            dx, dy = step * math.cos(turn), step * math.sin(turn)
            at[one], at[other] = _inside(ax - dx, ay - dy), _inside(bx + dx, by + dy)
    return pushed


def _inside(x: float, y: float) -> Point:
    return min(max(x, EDGE), WIDTH - EDGE), min(max(y, EDGE), HEIGHT - EDGE)


def _on_the_map(places: Sequence[Point]) -> list[Point]:
    """Longitude and latitude as units from the west and the north edge of the box around all of them."""
    if not places:
        return []
    easts, norths = [east for east, _ in places], [north for _, north in places]
    width, height = max(easts) - min(easts) or 1.0, max(norths) - min(norths) or 1.0
    return [
        (
            EDGE + (WIDTH - 2 * EDGE) * (east - min(easts)) / width,
            EDGE + (HEIGHT - 2 * EDGE) * (max(norths) - north) / height,
        )
        for east, north in places
    ]


def _short(point: Point) -> Point:
    return round(point[0], 1), round(point[1], 1)
