"""Proof: kill -9 in the middle of bookings and of hold expiry loses no slot and sells none twice.

Child processes hold, confirm, release and sweep expired holds as fast as they can and print what was
committed; the parent kills each after a random moment. Afterwards every printed booking exists, every
standing booking owns exactly its cells, and nothing else is occupied.
"""

import random
import signal
import subprocess
import sys
import time
from collections import Counter as Tally
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.fakes.hall import CONTACT, RESIDENT, person
from tests.proofs.races import FIRST, MAY, clear, overlapping, thirds
from webapp import clock
from webapp import db as webapp_db
from webapp.booking.cells import sync_cells
from webapp.booking.confirm import confirm
from webapp.booking.details import Details, describe
from webapp.booking.expire import expire_holds
from webapp.booking.facility import Facilities
from webapp.booking.hold import hold, release
from webapp.booking.models import Booking, Occupancy
from webapp.booking.states import HOLDING
from webapp.booking.wish import Wish
from webapp.casework.models import Case
from webapp.db import Database
from webapp.errors import IllegalStep
from webapp.messaging import templates

ROOMS = ("whole", "half1", "half2", "third1", "third2", "third3")
BANDS = ("am", "pm", "ev")


def prove(url: str, *, control: bool) -> dict[str, Any]:
    """200 kills. The control counts a booking as sold before its commit, and must lose some."""
    return crash(url, kills=40 if control else 200, early=control)


def run(scale: int, database_url: str) -> dict[str, Any]:
    """A small version for the suite: `scale` kills."""
    return crash(database_url, kills=scale, early=False)


def verdict(result: dict[str, Any], *, control: bool) -> list[str]:
    """What is not as it must be; a control that lost nothing has failed too."""
    if control:
        return [] if result["lost"] else ["the control lost nothing"]
    wrong = [
        f"{name} = {result[name]}"
        for name in ("lost", "overlaps", "orphan_rows", "bare_bookings")
        if result[name]
    ]
    return wrong if result["told"] else [*wrong, "no booking was ever told"]


def crash(url: str, *, kills: int, early: bool) -> dict[str, Any]:
    database = Database(url)
    places = thirds()
    chance = random.Random(7)  # the same moments in every run, as far as the machine allows
    with database.transaction() as session:
        sync_cells(session, places)
        clear(session)
    told: list[str] = []
    for number in range(0, kills, 2):
        told += _two_children(url, number, chance, early)
    with clock.frozen(MAY + timedelta(hours=1)), database.transaction() as session:
        swept = expire_holds(session, places, limit=100_000)
    with database.transaction() as session:
        result = _look(session, places, told)
    database.dispose()
    return {"kills": kills, "told": len(told), "swept": swept, **result}


def _two_children(url: str, number: int, chance: random.Random, early: bool) -> list[str]:
    mode, key_id = "early" if early else "honest", webapp_db.keyring().current
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.proofs.booking_crash", url, str(number + n), mode, key_id],
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(2)
    ]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()  # it is at work
    lines: list[str] = []
    for child in children:
        time.sleep(chance.uniform(0.1, 1.2))
        child.send_signal(signal.SIGKILL)
        lines += child.communicate()[0].splitlines()
    return [line.removeprefix("sold ") for line in lines if line.startswith("sold ") and line.endswith(".")]


def _look(session: Session, places: Facilities, told: list[str]) -> dict[str, Any]:
    known = set(session.scalars(select(Case.reference)))
    standing = {b.id: b for b in session.scalars(select(Booking).where(Booking.state.in_(HOLDING)))}
    rows: Tally[int | None] = Tally(session.scalars(select(Occupancy.booking_id)))
    facility = places.by_slug["gym"]
    return {
        "lost": sum(reference.rstrip(".") not in known for reference in told),
        "overlaps": overlapping(session),
        "orphan_rows": sum(count for booking, count in rows.items() if booking not in standing),
        "bare_bookings": sum(rows[b.id] != len(facility.room(b.room).atoms) for b in standing.values()),
        "standing": len(standing),
        "cases": session.scalar(select(func.count()).select_from(Case)),
    }


def work(url: str, seed: int, mode: str, key_id: str) -> None:
    """Book until killed."""
    webapp_db.use_keys([(key_id, bytes(range(32)))])
    database = Database(url)
    places = thirds()
    chance = random.Random(seed)
    _warm_up()
    print("at work", flush=True)
    while True:
        wish = Wish(
            "gym", chance.choice(ROOMS), FIRST + timedelta(days=chance.randrange(90)), (chance.choice(BANDS),)
        )
        with clock.frozen(MAY), suppress(IllegalStep):  # taken, or swept by the other child meanwhile
            _one(database, places, wish, chance, mode)
        with (
            clock.frozen(MAY + timedelta(minutes=chance.choice((0, 0, 20)))),
            database.transaction() as session,
        ):
            expire_holds(session, places)


def _warm_up() -> None:
    """Read the message templates before the first kill can come: it takes longer than a booking."""
    templates.load()


def _one(database: Database, places: Facilities, wish: Wish, chance: random.Random, mode: str) -> None:
    with database.transaction() as session:
        booking = hold(session, places, wish, person(chance.randrange(10**6)))
        describe(session, places, booking.token, Details(persons=5))
        token, basket = booking.token, booking.basket
    if chance.random() < 0.3:
        with database.transaction() as session:
            release(session, places, token)
        return
    if chance.random() < 0.2:
        return  # left to expire
    with database.transaction() as session:
        done = confirm(session, places, basket, contact=CONTACT, actor=RESIDENT)
        if mode == "early":
            print(f"sold {done.case.reference}.", flush=True)
            time.sleep(0.05)
    if mode != "early":
        print(f"sold {done.case.reference}.", flush=True)


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
