"""How many slots a browser or an address may hold holds across processes, and forgives what was finished."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tests.fakes import hall
from tests.fakes.hall import MAY
from webapp import clock
from webapp.booking import hold, quota
from webapp.booking.errors import Taken, TooManySlots
from webapp.booking.models import Booking
from webapp.booking.person import Booker
from webapp.db import Database
from webapp.identity import throttle
from webapp.identity.models import Throttle
from webapp.settings import Quotas

pytestmark = pytest.mark.usefixtures("in_may")
PROCESSES, TRIES = 3, 4
GYM = hall.facilities(limits={})
FREE = Quotas(0, 0, 0, 0, 0)


def held(session: Session, owner: str, number: int, *, resident_id: int | None = None) -> Booking:
    booker = Booker(owner, resident_id, {"resident": True, "ticket": 0, "commercial": False})
    day = date(2026, 6, 1) + timedelta(days=number)
    return hold.hold(session, GYM, hall.wish("a", day), booker)


def take(session: Session, quotas: Quotas, *numbers: int, owner: str = "visitor:one") -> None:
    bookings = [held(session, owner, number) for number in numbers]
    quota.count(session, bookings, quotas, "here")


def test_a_browser_holds_so_many_slots_at_once_and_again_when_some_have_ended(session: Session) -> None:
    two = Quotas(slots_at_once=2)
    take(session, two, 0, 1)
    with pytest.raises(TooManySlots) as refused, session.begin_nested():
        take(session, two, 2)
    assert (refused.value.rule, refused.value.figure) == ("hold.at_once", 2)
    assert 0 < refused.value.retry_after <= 15 * 60
    with clock.frozen(MAY + timedelta(minutes=16)):
        take(session, two, 2)


def test_holding_and_giving_up_again_and_again_ends_within_the_hour(session: Session) -> None:
    three = Quotas(slots_an_hour=3)
    for number in range(3):
        take(session, three, number)
        mine = quota.running(session, "visitor:one")
        hold.release(session, GYM, mine[0].token)
    with pytest.raises(TooManySlots, match=r"hold\.owner"):
        take(session, three, 3)


def test_an_address_is_counted_over_all_its_browsers_and_forgiven_what_was_confirmed(
    session: Session,
) -> None:
    two = Quotas(unfinished_slots_here=2)
    first = [held(session, "visitor:1", 1)]
    quota.count(session, first, two, "here")
    take(session, two, 2, owner="visitor:2")
    with pytest.raises(TooManySlots, match=r"hold\.here"), session.begin_nested():
        take(session, two, 3, owner="visitor:3")
    quota.finished(session, first, "here")
    take(session, two, 3, owner="visitor:3")


def test_what_never_was_counted_cannot_be_forgiven(session: Session) -> None:
    take(session, Quotas(), 1)
    quota.finished(session, [held(session, "visitor:2", 2), held(session, "visitor:2", 3)], "here")
    assert min(session.scalars(select(Throttle.count))) == 0


def test_zero_lifts_a_limit(session: Session) -> None:
    take(session, FREE, *range(25))


def test_a_count_taken_back_is_no_count(session: Session) -> None:
    one = Quotas(slots_an_hour=1)
    with session.begin_nested() as point:
        take(session, one, 1)
        point.rollback()
    take(session, one, 1)


def test_processes_that_hold_at_the_same_time_keep_one_limit(database_url: str) -> None:
    assert at_once(database_url, _same_address) == 5
    assert at_once(database_url, _same_browser) == 5


def test_a_count_of_each_process_by_itself_would_not(database_url: str) -> None:
    assert at_once(database_url, _counted_apart) > 5


def at_once(url: str, work: Callable[[Session, int, int], None]) -> int:
    """How many slots stand after some processes have held for themselves at the same moment."""
    spawn = multiprocessing.get_context("spawn")
    gate = spawn.Barrier(PROCESSES)
    workers = [spawn.Process(target=_work, args=(url, gate, work, n)) for n in range(PROCESSES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * PROCESSES
    database = Database(url)
    with database.transaction() as session:
        found = session.scalar(select(func.count()).where(Booking.state == "held")) or 0
        for booking in session.scalars(select(Booking).where(Booking.state == "held")).all():
            hold.release(session, GYM, booking.token)
        session.execute(delete(Throttle))
    database.dispose()
    return found


def _work(url: str, gate: Any, work: Callable[[Session, int, int], None], process: int) -> None:
    from tests.conftest import TEST_KEYS
    from webapp import db

    db.use_keys(TEST_KEYS)
    database = Database(url)
    with clock.frozen(MAY):
        gate.wait(60)
        for number in range(TRIES):
            try:
                with database.transaction() as session:
                    work(session, process, number)
            except (TooManySlots, Taken):
                pass
    database.dispose()


def _same_address(session: Session, process: int, number: int) -> None:
    one = process * TRIES + number
    quota.count(session, [held(session, f"visitor:{one}", one)], Quotas(unfinished_slots_here=5), "here")


def _same_browser(session: Session, process: int, number: int) -> None:
    quota.count(
        session, [held(session, "visitor:1", process * TRIES + number)], Quotas(slots_at_once=5), "here"
    )


_APART: dict[str, int] = {}


def _counted_apart(session: Session, process: int, number: int) -> None:
    with patch.object(throttle, "count", partial(_in_memory, _APART)):
        _same_address(session, process, number)


def _in_memory(
    counts: dict[str, int], _session: Session, name: str, _subject: str, *, by: int, most: int
) -> int:
    counts[name] = counts.get(name, 0) + by
    if counts[name] > most:
        raise throttle.TooMany(name)
    return counts[name]
