"""Proof: no slot is sold twice, nobody dies in the attempt, and every trial has a winner.

Clients (threads with connections of their own) meet at a barrier and want the whole hall, a half or a third
of it, the last equipment, the last seats, or to close it. With the guard off (the constraint dropped, a check
before the insert instead) the same clients double-book.
"""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.fakes.hall import HALL, OFFICER, RESIDENT, person
from webapp import clock
from webapp.booking import close
from webapp.booking import hold as booking_hold
from webapp.booking.cells import sync_cells
from webapp.booking.change import change
from webapp.booking.details import Details, describe
from webapp.booking.errors import Taken
from webapp.booking.expire import expire_holds
from webapp.booking.facility import Facilities, Facility
from webapp.booking.hold import hold
from webapp.booking.models import SQLITE_RULE, Booking, Counter, Occupancy
from webapp.booking.occupy import Slot
from webapp.booking.times import instant
from webapp.booking.wish import Wish
from webapp.db import Database, is_postgres

FIRST = date(2026, 6, 1)
MAY = datetime(2026, 5, 11, 10, 0, tzinfo=clock.TOKYO)
Attempt = Callable[[Session, Facilities, date, int], bool | None]
"""One client; False when it wanted no place."""


def thirds() -> Facilities:
    """The gymnasium as six cells, so that whole, halves and thirds overlap each other in every way."""
    rooms = [
        {"key": "whole", "name": "全面", "bands": "three", "cells": [f"c{n}" for n in range(6)]},
        {"key": "half1", "name": "半面1", "bands": "three", "cells": ["c0", "c1", "c2"], "part_of": "whole"},
        {"key": "half2", "name": "半面2", "bands": "three", "cells": ["c3", "c4", "c5"], "part_of": "whole"},
        {"key": "third1", "name": "3分の1", "bands": "three", "cells": ["c0", "c1"], "part_of": "whole"},
        {"key": "third2", "name": "3分の2", "bands": "three", "cells": ["c2", "c3"], "part_of": "whole"},
        {"key": "third3", "name": "3分の3", "bands": "three", "cells": ["c4", "c5"], "part_of": "whole"},
        {
            "key": "visit",
            "name": "見学",
            "sessions": {"first": "09:00", "last": "9:00", "minutes": 60, "cap": 200},
        },
    ]
    file = {**HALL, "rooms": rooms, "limits": {}, "tariffs": [], "fees_unknown": "審査", "windows": []}
    file["tariffs"] = [
        {
            "key": "t",
            "title": "表",
            "citation": "別表",
            "rows": [{"rooms": [r["key"] for r in rooms], "per": "use", "yen": 0}],
            "extras": [{"key": "board", "label": "得点板", "prices": [{"yen": 0}], "stock": 3}],
        }
    ]
    facility = Facility.model_validate(file)
    return Facilities({facility.slug: facility})


def take_part(session: Session, places: Facilities, day: date, client: int) -> None:
    """Half the clients want the whole hall, the others a half or a third."""
    parts = ("half1", "half2", "third1", "third2", "third3")
    room = "whole" if client % 2 else parts[client // 2 % len(parts)]
    hold(session, places, Wish("gym", room, day, ("am",)), person(client))


def take_or_close(session: Session, places: Facilities, day: date, client: int) -> None:
    """One client closes the hall while the others book it."""
    if client:
        take_part(session, places, day, client)
        return
    start, end = instant(day, 0), instant(day, 24 * 60)
    facility = places.by_slug["gym"]
    close.close(
        session, places, facility, ["whole"], start, end, kind="maintenance", reason="点検", actor=OFFICER
    )


def take_equipment(session: Session, places: Facilities, day: date, client: int) -> None:
    """Rooms do not collide (one slot each day and third); the three scoreboards do."""
    room = ("third1", "third2", "third3")[client % 3]
    band = ("am", "pm", "ev")[client // 3 % 3]
    wish = Wish("gym", room, day, (band,))
    booking = hold(session, places, wish, person(client))
    describe(session, places, booking.token, Details(persons=5, extras={"board": 1 + client % 2}))


def take_seats(session: Session, places: Facilities, day: date, client: int) -> None:
    """Sixty people each into a session of two hundred."""
    hold(session, places, Wish("gym", "visit", day, (), 540, None, 60), person(client))


def sweep_or_take(session: Session, places: Facilities, day: date, client: int) -> bool:
    """A hold that ran out stands in the way of everybody, while the worker sweeps it."""
    if client:
        take_part(session, places, day, client)
    else:
        expire_holds(session, places)
    return bool(client)


def take_or_displace(session: Session, places: Facilities, day: date, client: int) -> None:
    """A hold that ran out is displaced by a closure while the others want its place."""
    if client:
        take_part(session, places, day, client)
        return
    start, end = instant(day, 0), instant(day, 24 * 60)
    told: Any = {"kind": "public_use", "reason": "選挙", "actor": OFFICER, "displace": True}
    close.close(session, places, places.by_slug["gym"], ["whole"], start, end, **told)


def move_here(session: Session, places: Facilities, day: date, client: int) -> None:
    """Everybody has a whole hall on a day of their own and wants to move it to the same day."""
    mine = Booking.owner_key == person(client).key
    token = session.scalars(select(Booking.token).where(mine, Booking.use_on == _own_day(day, client))).one()
    wish = Wish("gym", "whole" if client % 2 else "half1", day, ("am",), persons=5)
    change(session, places, token, wish, person(client), actor=RESIDENT)


def leave_a_hold(session: Session, places: Facilities, day: date, clients: int) -> None:
    with clock.frozen(MAY - timedelta(hours=1)):
        hold(session, places, Wish("gym", "whole", day, ("am",)), person(clients))


def give_everybody_a_hall(session: Session, places: Facilities, day: date, clients: int) -> None:
    with clock.frozen(MAY):
        for client in range(clients):
            hold(session, places, Wish("gym", "whole", _own_day(day, client), ("am",)), person(client))


def _own_day(day: date, client: int) -> date:
    return day + timedelta(days=365 * (client + 1))


KINDS: dict[str, Attempt] = {
    "whole_half_third": take_part,
    "expired_holds": sweep_or_take,
    "changes": move_here,
    "closures": take_or_close,
    "displacing": take_or_displace,
    "equipment": take_equipment,
    "seats": take_seats,
}


BEFORE: dict[str, Attempt] = {
    "expired_holds": leave_a_hold,
    "displacing": leave_a_hold,
    "changes": give_everybody_a_hall,
}
"""What stands before a trial; called with the number of clients."""


def prove(url: str, *, control: bool) -> dict[str, Any]:
    """Full size: 16 and 64 clients, many trials of every kind."""
    plan = [(16, 60), (64, 15)] if not control else [(16, 20)]
    kinds = list(KINDS) if not control else ["whole_half_third"]
    return {
        f"{kind} x{clients}": race(url, kind, clients, trials, guard=not control)
        for kind in kinds
        for clients, trials in plan
    }


def run(scale: int, database_url: str, *, guard: bool = True) -> dict[str, Any]:
    """A small version for the suite: `scale` clients, three trials of each kind."""
    kinds = list(KINDS) if guard else ["whole_half_third"]
    return {kind: race(database_url, kind, scale, 3 if guard else 10, guard=guard) for kind in kinds}


def verdict(result: dict[str, Any], *, control: bool) -> list[str]:
    """What is not as it must be; a control without a double booking has failed too."""
    if control:
        doubles = sum(entry["overlaps"] for entry in result.values())
        return [] if doubles else ["the control shows no double booking"]
    return [
        f"{kind}: {name} = {entry[name]}"
        for kind, entry in result.items()
        for name in ("overlaps", "over_capacity", "trials_without_winner", "errors")
        if entry[name]
    ]


def race(url: str, kind: str, clients: int, trials: int, *, guard: bool = True) -> dict[str, Any]:
    """Trials on a day each: all clients at once, then count what stands."""
    database = Database(url, pool_size=clients)
    places = thirds()
    started = time.perf_counter()
    won: list[tuple[int, float]] = []
    refused: list[float] = []
    errors: list[str] = []
    try:
        with database.transaction() as session:
            sync_cells(session, places)
            clear(session)
        with _as_guarded(database, guard):
            for trial in range(trials):
                _trial(database, places, kind, trial, clients, won, refused, errors)
            with database.transaction() as session:
                overlaps, over = overlapping(session), over_capacity(session)
    finally:
        database.dispose()
    times = sorted([took for _, took in won] + refused)
    return {
        "clients": clients,
        "trials": trials,
        "won": len(won),
        "refused": len(refused),
        "errors": len(errors),
        "first_error": errors[0][:200] if errors else "",
        "overlaps": overlaps,
        "over_capacity": over,
        "trials_without_winner": trials - len({trial for trial, _ in won}),
        "p95_ms": round(1000 * times[int(len(times) * 0.95) - 1], 1) if times else None,
        "max_ms": round(1000 * times[-1], 1) if times else None,
        "seconds": round(time.perf_counter() - started, 1),
    }


def _trial(
    database: Database,
    places: Facilities,
    kind: str,
    trial: int,
    clients: int,
    won: list[tuple[int, float]],
    refused: list[float],
    errors: list[str],
) -> None:
    gate = threading.Barrier(clients)
    day = FIRST + timedelta(days=trial)
    if kind in BEFORE:
        with database.transaction() as session:
            BEFORE[kind](session, places, day, clients)

    def client(number: int) -> None:
        gate.wait()
        begun = time.perf_counter()
        try:
            with clock.frozen(MAY), database.transaction() as session:
                wanted = KINDS[kind](session, places, day, number)
        except Taken:
            refused.append(time.perf_counter() - begun)
        except Exception as error:  # whatever a person would have been shown as a breakdown
            errors.append(f"{type(error).__name__}: {error}")
        else:
            if wanted is not False:
                won.append((trial, time.perf_counter() - begun))

    numbers = list(range(clients))
    random.Random(trial).shuffle(numbers)  # the same order in every run
    threads = [threading.Thread(target=client, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def overlapping(session: Session) -> int:
    """Pairs of rows of one cell that overlap, asked of the database without trusting its constraint."""
    query = text(
        "SELECT count(*) FROM occupancy a JOIN occupancy b ON a.cell_id = b.cell_id AND a.id < b.id "
        "AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at"
    )
    return int(session.scalar(query) or 0)


def over_capacity(session: Session) -> int:
    """Counters above their capacity, or that disagree with the bookings that stand."""
    wrong = sum(row.used > row.capacity or row.used < 0 for row in session.scalars(select(Counter)))
    seats: dict[datetime, int] = {}
    for booking in session.scalars(select(Booking).where(Booking.room == "visit", Booking.state == "held")):
        seats[booking.starts_at] = seats.get(booking.starts_at, 0) + booking.persons
    return wrong + sum(taken > 200 for taken in seats.values())


def clear(session: Session) -> None:
    """An empty calendar."""
    for table in ("occupancy", "booking_counter", "booking", "booking_closure"):
        session.execute(text(f"DELETE FROM {table}"))


@contextmanager
def _as_guarded(database: Database, guard: bool) -> Iterator[None]:
    """With the guard off: no constraint, and a check before the insert, as most systems do it."""
    if guard:
        yield
        return
    real = booking_hold.book
    drop_rule(database)
    booking_hold.book = _check_then_book
    try:
        yield
    finally:
        booking_hold.book = real


def drop_rule(database: Database) -> None:
    """The occupancy table without its constraint (PostgreSQL) or triggers (SQLite)."""
    with database.transaction() as session:
        if is_postgres(session):
            session.execute(text("ALTER TABLE occupancy DROP CONSTRAINT ex_occupancy_no_overlap"))
            return
        for statement in SQLITE_RULE:
            session.execute(text(f"DROP TRIGGER {statement.split()[2]}"))


def _check_then_book(session: Session, booking: Booking, slots: Iterable[Slot]) -> None:
    if any(_is_taken(session, slot) for slot in slots):
        raise Taken([])
    session.commit()  # SQLite has one writer: the gap that most code has must be made by hand
    time.sleep(0.01)
    session.add(booking)
    session.flush()
    for slot in slots:
        session.add(
            Occupancy(
                cell_id=slot.cell_id, starts_at=slot.starts_at, ends_at=slot.ends_at, booking_id=booking.id
            )
        )


def _is_taken(session: Session, slot: Slot) -> bool:
    found = session.scalar(
        select(Occupancy.id).where(
            Occupancy.cell_id == slot.cell_id,
            Occupancy.starts_at < slot.ends_at,
            Occupancy.ends_at > slot.starts_at,
        )
    )
    return found is not None
