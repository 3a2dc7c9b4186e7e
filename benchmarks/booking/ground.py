"""What the parts share: a site with many rooms, stopwatches, and how a goal is judged."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any

from tests import postgres
from tests.fakes.hall import HALL
from tests.schema import build
from webapp import clock
from webapp.booking.cells import sync_cells
from webapp.booking.facility import Facilities, Facility
from webapp.db import Database

MAY = datetime(2026, 5, 11, 10, 0, tzinfo=clock.TOKYO)
FIRST = date(2026, 6, 1)


@contextmanager
def fresh(server: str, name: str, places: Facilities) -> Iterator[Database]:
    """A migrated database that knows the cells of the places, with the connections of one web process."""
    url = postgres.create_database(server, name)
    build(url)
    database = Database(url)
    with database.transaction() as session:
        sync_cells(session, places)
    try:
        yield database
    finally:
        database.dispose()


def rooms(count: int) -> Facilities:
    """One site with many rooms of three bands, free of charge and without limits."""
    keys = [f"r{n}" for n in range(count)]
    table = {**HALL["tariffs"][0], "rows": [{"rooms": keys, "per": "use", "yen": 0}], "extras": []}
    listed = [{"key": key, "name": key, "bands": "three"} for key in keys]
    file = {**HALL, "rooms": listed, "tariffs": [table], "limits": {}, "windows": []}
    facility = Facility.model_validate(file)
    return Facilities({facility.slug: facility})


def in_turns(rounds: int, **works: Callable[[int], Any]) -> dict[str, float]:
    """Median seconds of each work; the rounds are taken in turns, so all see the same machine."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work(-1)  # warm
    for number in range(rounds):
        for name, work in works.items():
            begun = time.perf_counter()
            work(number)
            taken[name].append(time.perf_counter() - begun)
    return {name: median(values) for name, values in taken.items()}


@dataclass(frozen=True)
class Contended:
    """What clients who met at a barrier saw; a refusal counts as an attempt."""

    won: int
    attempts: int
    per_second: float
    p95: float
    """Seconds."""


def contend(
    clients: int, rounds: int, attempt: Callable[[int], bool], warm: Callable[[int], Any]
) -> Contended:
    """All clients at once; ``attempt(number)`` tells whether it won.

    Before they meet, each has done ``warm(client)``, so that no connection is new to its server.
    """
    gate = threading.Barrier(clients + 1)
    times: list[float] = []
    wins: list[bool] = []

    def client(number: int) -> None:
        warm(number)
        gate.wait()
        for turn in range(rounds):
            begun = time.perf_counter()
            wins.append(attempt(number * rounds + turn))
            times.append(time.perf_counter() - begun)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    gate.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    if len(times) < clients * rounds:
        raise RuntimeError("a client broke down: see the trace above")
    return Contended(sum(wins), len(times), len(times) / took, share(times, 95))


def share(times: list[float], percent: int) -> float:
    """The value below which so many percent lie."""
    return sorted(times)[max(0, len(times) * percent // 100 - 1)]


def judge(told: str, ratio: float, goal: float, *, at_most: bool) -> list[str]:
    """Print a ratio beside its goal; the line again when it is missed."""
    held = ratio <= goal if at_most else ratio >= goal
    line = f"{told} {ratio:.2f} (goal {'at most' if at_most else 'at least'} {goal})"
    print(f"    {line}{'' if held else '  MISSED'}", flush=True)
    return [] if held else [line]
