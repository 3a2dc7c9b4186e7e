"""(a) hold + confirm: sequential, and 32 clients contending for the 20 slots of one hall."""

import sys
from datetime import datetime, timedelta

from sqlalchemy import func, select

from benchmarks.booking.bare import Bare
from benchmarks.booking.ground import FIRST, MAY, Contended, contend, fresh, in_turns, judge, rooms
from benchmarks.booking.peer import Libres, Stretch
from tests.fakes.hall import CONTACT, RESIDENT, person
from webapp import clock
from webapp.booking.confirm import confirm
from webapp.booking.errors import Taken
from webapp.booking.facility import Facilities
from webapp.booking.hold import hold
from webapp.booking.models import Occupancy
from webapp.booking.wish import Wish
from webapp.db import Database

CLIENTS, ROUNDS, SLOTS = 32, 40, 20
BANDS = ("am", "pm", "ev")
WARM = 2000
"""Wishes from here on are nobody else's."""
PYTHONS_OWN_SWITCH_S = 0.005


def run(server: str, quick: bool) -> list[str]:
    places = rooms(300)
    with fresh(server, "bench_booking", places) as database:
        return _sequential(server, database, places, 40 if quick else 400) + _contended(
            server, database, places, 5 if quick else ROUNDS
        )


def _sequential(server: str, database: Database, places: Facilities, count: int) -> list[str]:
    book(database, places, _wish(-2), 0)  # the booking that is copied
    bare, libres = Bare(database.url), Libres(server, _stretches(count + 1))
    try:
        seconds = in_turns(
            count,
            ours=lambda n: book(database, places, _wish(n), n),
            bare=bare,
            libres=lambda n: libres.book(n + 1),
        )
    finally:
        bare.close()
        libres.close()
    told = ", ".join(f"{name} {1 / value:.0f}/s" for name, value in seconds.items())
    print(f"(a) hold + confirm, sequential: {told}")
    return judge("ours / bare", seconds["bare"] / seconds["ours"], 0.4, at_most=False) + judge(
        "ours / libres", seconds["libres"] / seconds["ours"], 1.5, at_most=False
    )


def _contended(server: str, database: Database, places: Facilities, rounds: int) -> list[str]:
    wishes = [Wish("gym", "r0", FIRST + timedelta(days=900 + n // 3), (BANDS[n % 3],)) for n in range(SLOTS)]

    def attempt(number: int) -> bool:
        try:
            book(database, places, wishes[number % SLOTS], number)
        except Taken:
            return False
        return True

    ours = contend(
        CLIENTS, rounds, attempt, lambda client: book(database, places, _wish(WARM + client), client)
    )
    libres = Libres(server, _stretches(SLOTS + CLIENTS), CLIENTS, wanted=SLOTS)
    mine = sys.getswitchinterval()
    sys.setswitchinterval(
        PYTHONS_OWN_SWITCH_S
    )  # ours makes libres retry more: it gets what Python starts with
    try:
        theirs = contend(CLIENTS, rounds, libres.attempt, libres.warm)
    finally:
        sys.setswitchinterval(mine)
        libres.close()
    print(f"    {CLIENTS} clients, {SLOTS} slots: ours {_told(ours)}")
    print(f"    {CLIENTS} clients, {SLOTS} slots: libres {_told(theirs)}, {libres.retries} retries")
    assert ours.won == SLOTS == _rows_of(database, wishes), "a slot was sold twice or not at all"
    return judge("attempts/s, ours / libres", ours.per_second / theirs.per_second, 10, at_most=False) + judge(
        "p95, ours / libres", ours.p95 / theirs.p95, 0.1, at_most=True
    )


def book(database: Database, places: Facilities, wish: Wish, number: int) -> None:
    """Hold and confirm, each in a transaction of its own. Raises Taken."""
    with clock.frozen(MAY):
        with database.transaction() as session:
            basket = hold(session, places, wish, person(number)).basket
        with database.transaction() as session:
            confirm(session, places, basket, contact=CONTACT, actor=RESIDENT)


def _wish(number: int) -> Wish:
    number += 2
    day = FIRST + timedelta(days=number // 900)
    return Wish("gym", f"r{number % 300}", day, (BANDS[number // 300 % 3],))


def _stretches(count: int) -> list[Stretch]:
    starts = [datetime(2026, 6, 1, 9, tzinfo=clock.TOKYO) + timedelta(days=n) for n in range(count)]
    return [(start, start + timedelta(hours=3)) for start in starts]


def _rows_of(database: Database, wishes: list[Wish]) -> int:
    since = datetime.combine(wishes[0].use_on, datetime.min.time(), clock.TOKYO)
    until = since + timedelta(days=SLOTS)
    with database.transaction() as session:
        query = select(func.count()).where(Occupancy.starts_at >= since, Occupancy.starts_at < until)
        return session.scalar(query) or 0


def _told(result: Contended) -> str:
    return f"{result.per_second:.0f} attempts/s, p95 {1000 * result.p95:.0f} ms, {result.won} won"
