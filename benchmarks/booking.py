"""Booking beside bare SQL and beside libres from PyPI, as ratios in one run on one PostgreSQL.

(a) hold + confirm: sequential, and 32 clients contending for 20 slots; beside a transaction that writes the
same rows bare, and beside libres' reserve + approve. (b) free stretches of 300 rooms × 31 days over 216,000
occupied rows, beside the SQL that fetches the same rows. `--quick` runs a tenth.
"""

import argparse
import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from tests import postgres
from tests.fakes.hall import CONTACT, HALL, RESIDENT, person
from tests.schema import build
from webapp import clock
from webapp import db as webapp_db
from webapp.booking.availability import free_spans
from webapp.booking.cells import all_cell_ids, sync_cells
from webapp.booking.confirm import confirm
from webapp.booking.errors import Taken
from webapp.booking.facility import Facilities, Facility
from webapp.booking.hold import hold
from webapp.booking.models import Occupancy
from webapp.booking.times import instant
from webapp.booking.wish import Wish
from webapp.db import Database

MAY = datetime(2026, 5, 11, 10, 0, tzinfo=clock.TOKYO)
FIRST = date(2026, 6, 1)
CLIENTS, SLOTS = 32, 20
FRESH = "left(md5(random()::text), 16)"


def main(args: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench booking")
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args(args).quick
    webapp_db.use_keys([("bench", bytes(range(32)))])
    with postgres.server() as server:
        url = postgres.create_database(server, "bench_booking")
        build(url)
        database = Database(url, pool_size=CLIENTS)
        places = rooms(300)
        with database.transaction() as session:
            sync_cells(session, places)
        count = 40 if quick else 400
        ours = per_second(count, lambda n: _book(database, places, n))
        bare = per_second(count, lambda n: _bare(database, n))
        theirs = _libres(server, count)
        print(f"(a) sequential: ours {ours:.0f}/s, bare same rows {bare:.0f}/s, libres {theirs:.0f}/s")
        print(f"    ours / bare {ours / bare:.2f} (goal 0.40), ours / libres {ours / theirs:.2f} (goal 1.5)")
        rate, p95 = contend(lambda n: _try(database, places, n), 5 if quick else 40)
        print(f"    contended: {rate:.0f} attempts/s, p95 {1000 * p95:.0f} ms")
        _availability(database, places, 31, 5 if quick else 20)
        database.dispose()
    return 0


def rooms(count: int) -> Facilities:
    """One site with many rooms of three bands."""
    keys = [f"r{n}" for n in range(count)]
    table = {**HALL["tariffs"][0], "rows": [{"rooms": keys, "per": "use", "yen": 0}], "extras": []}
    listed = [{"key": key, "name": key, "bands": "three"} for key in keys]
    file = {**HALL, "rooms": listed, "tariffs": [table], "limits": {}, "windows": []}
    facility = Facility.model_validate(file)
    return Facilities({facility.slug: facility})


def per_second(count: int, work: Callable[[int], Any]) -> float:
    work(-1)  # warm
    begun = time.perf_counter()
    for number in range(count):
        work(number)
    return count / (time.perf_counter() - begun)


def contend(attempt: Callable[[int], None], rounds: int) -> tuple[float, float]:
    """All clients at a barrier; refusals count as attempts."""
    gate = threading.Barrier(CLIENTS)
    times: list[float] = []

    def client(number: int) -> None:
        gate.wait()
        for turn in range(rounds):
            begun = time.perf_counter()
            attempt(number * rounds + turn)
            times.append(time.perf_counter() - begun)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(times) / (time.perf_counter() - begun), sorted(times)[int(len(times) * 0.95)]


def _slot(number: int) -> Wish:
    number += 1
    day = FIRST + timedelta(days=number // 900)
    return Wish("gym", f"r{number % 300}", day, (("am", "pm", "ev")[number // 300 % 3],))


def _book(database: Database, places: Facilities, number: int) -> None:
    with clock.frozen(MAY):
        with database.transaction() as session:
            basket = hold(session, places, _slot(number), person(number)).basket
        with database.transaction() as session:
            confirm(session, places, basket, contact=CONTACT, actor=RESIDENT)


def _try(database: Database, places: Facilities, number: int) -> None:
    wish = Wish("gym", f"r{number % SLOTS}", FIRST + timedelta(days=60), ("am",))
    try:
        with clock.frozen(MAY), database.transaction() as session:
            hold(session, places, wish, person(number))
    except Taken:
        return


def _bare(database: Database, number: int) -> None:
    """The same rows of a hold and its confirmation, copied from the booking before, without any rule."""
    columns = {
        "booking": ("token", "basket"),
        "case_file": ("reference",),
        "outbox_message": ("dedupe_key", "retry_key"),
    }
    start = instant(FIRST + timedelta(days=200 + number), 540)
    row = {"cell_id": 1, "starts_at": start, "ends_at": start + timedelta(hours=3)}
    with database.transaction() as session:
        _copy(session, "booking", columns["booking"])
        session.execute(insert(Occupancy).values(row))
    with database.transaction() as session:
        for table in ("case_file", "outbox_message"):
            _copy(session, table, columns[table])
        for table in ("case_event", "audit_entry"):
            _copy(session, table, ())


def _copy(session: Session, table: str, unique: tuple[str, ...]) -> None:
    names = session.info.setdefault("columns", {})
    if table not in names:
        names[table] = [
            row[0]
            for row in session.execute(
                text("SELECT column_name FROM information_schema.columns WHERE table_name = :t"), {"t": table}
            )
            if row[0] != "id"
        ]
    chosen = ", ".join(names[table])
    values = ", ".join(FRESH if name in unique else name for name in names[table])
    session.execute(
        text(f"INSERT INTO {table} ({chosen}) SELECT {values} FROM {table} ORDER BY id DESC LIMIT 1")
    )


def _libres(server: str, count: int) -> float:
    """libres' own reserve + approve on days of their own."""
    from libres.context.registry import create_default_registry
    from libres.db.scheduler import Scheduler

    registry = create_default_registry()
    context = registry.register_context("bench")
    context.set_setting("dsn", postgres.create_database(server, "bench_libres").replace("+psycopg", ""))
    scheduler = Scheduler(context, "hall", timezone="Asia/Tokyo")
    scheduler.setup_database()
    starts = [datetime(2026, 6, 1, 9, tzinfo=clock.TOKYO) + timedelta(days=n) for n in range(count + 1)]
    scheduler.allocate([(start, start + timedelta(hours=3)) for start in starts])
    scheduler.commit()

    def work(number: int) -> None:
        start = starts[number + 1]
        token = scheduler.reserve("a@example.jp", (start, start + timedelta(hours=3)))
        scheduler.commit()
        scheduler.approve_reservations(token)
        scheduler.commit()

    try:
        return per_second(count, work)
    finally:
        context.get_service("session_provider").stop_service()  # or the server waits for its connections


def _availability(database: Database, places: Facilities, days: int, rounds: int) -> None:
    facility = places.by_slug["gym"]
    with database.transaction() as session:
        session.execute(text("DELETE FROM occupancy"))
        ids = list(all_cell_ids(session, ["gym"]).values())
        for offset in range(400):
            rows = [
                {"cell_id": cell, "starts_at": instant(day, start), "ends_at": instant(day, start + 180)}
                for cell in ids
                for day in [FIRST + timedelta(days=offset)]
                for position, start in enumerate((540, 780, 1080))
                if (cell + offset + position) % 5 < 3
            ]
            session.execute(insert(Occupancy), rows)
    with database.transaction() as session:
        session.execute(text("ANALYZE occupancy"))
    start, end = instant(FIRST, 0), instant(FIRST + timedelta(days=days), 0)
    query = text(
        "SELECT cell_id, starts_at, ends_at FROM occupancy WHERE cell_id = ANY(:ids) "
        "AND starts_at < :end AND ends_at > :start ORDER BY cell_id, starts_at"
    )
    with database.transaction() as session:
        parameters = {"ids": ids, "start": start, "end": end}
        bare = _median(rounds, lambda: session.execute(query, parameters).all())
        ours = _median(rounds, lambda: free_spans(session, facility, facility.rooms, FIRST, days))
    print(f"(b) 300 rooms x {days} days: ours {1000 * ours:.0f} ms, bare SQL {1000 * bare:.0f} ms")
    print(f"    ours / bare {ours / bare:.2f} (goal 2.0)")


def _median(rounds: int, work: Callable[[], Any]) -> float:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return median(times)
