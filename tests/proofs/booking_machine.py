"""Everybody books, extends, confirms, pays, changes, cancels and closes in any order; what must hold, holds.

A hypothesis state machine over the services on a real database. After every step it asks the database, and
not the services, whether a cell is taken twice, whether stock or heads pass their number, whether what ended
still occupies something, and whether money adds up.
"""

import warnings
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.fakes.hall import CONTACT, HALL, OFFICER, RESIDENT, cash, person
from tests.proofs.races import FIRST, MAY, clear, drop_rule, overlapping
from webapp import clock
from webapp.booking import approve, hold, series
from webapp.booking.cancel import cancel
from webapp.booking.cells import sync_cells
from webapp.booking.change import change
from webapp.booking.close import close, reopen
from webapp.booking.confirm import confirm
from webapp.booking.details import Details, describe
from webapp.booking.expire import expire_holds, lapse_unpaid
from webapp.booking.facility import Facilities, Facility
from webapp.booking.finish import forget_abandoned
from webapp.booking.models import Booking, Closure, Counter, Occupancy
from webapp.booking.paying import settled
from webapp.booking.states import HOLDING
from webapp.booking.times import instant
from webapp.booking.wish import Wish, draws_of_booking, wish_of
from webapp.db import Database
from webapp.errors import MadoguchiError
from webapp.payment import refunds
from webapp.payment.models import Charge
from webapp.payment.settle import Paid

DAYS, CAP, BOARDS = 2, 20, 2
ROOMS = {"whole": "abcdef", "half1": "abc", "half2": "def", "third1": "ab", "third2": "cd", "third3": "ef"}
rooms = st.sampled_from([*ROOMS, "visit"])
days = st.integers(0, DAYS - 1)
bands = st.sampled_from([("am",), ("pm",), ("am", "pm"), ("ev",)])
people = st.integers(1, 3)
picks = st.integers(0, 50)
heads = st.integers(1, 12)
boards = st.integers(0, BOARDS)


def gym() -> Facilities:
    """Six cells in wholes, halves and thirds, a session of twenty heads, two scoreboards."""
    listed: list[dict[str, Any]] = [
        {
            "key": key,
            "name": key,
            "bands": "three",
            "cells": list(cells),
            "buffer_minutes": 30 * (key == "half1"),
        }
        for key, cells in ROOMS.items()
    ]
    visit = {"first": "09:00", "last": "10:00", "minutes": 60, "cap": CAP}
    prices = [
        {"rooms": [key], "yen": dict.fromkeys(("am", "pm", "ev"), 100 * len(c))} for key, c in ROOMS.items()
    ]
    table = {
        **HALL["tariffs"][0],
        "rows": [*prices, {"rooms": ["visit"], "per": "person", "yen": 0}],
        "extras": [{"key": "board", "label": "得点板", "prices": [{"yen": 300}], "stock": BOARDS}],
    }
    listed.append({"key": "visit", "name": "見学", "sessions": visit})
    file = {**HALL, "rooms": listed, "tariffs": [table], "limits": {}, "windows": []}
    facility = Facility.model_validate(file)
    return Facilities({facility.slug: facility})


class Bookings(RuleBasedStateMachine):
    """Each rule is one request: a transaction that commits or is refused as a whole."""

    database: Database
    places: Facilities

    @initialize()
    def begin(self) -> None:
        self.now = MAY
        with self.database.transaction() as session:
            sync_cells(session, self.places)
            clear(session)

    @rule(room=rooms, day=days, band=bands, who=people, count=heads)
    def take(self, room: str, day: int, band: tuple[str, ...], who: int, count: int) -> None:
        wish = _wish(room, day, band, count)
        self._try(lambda session: hold.hold(session, self.places, wish, person(who)))

    @rule(room=rooms, band=bands, who=people)
    def take_series(self, room: str, band: tuple[str, ...], who: int) -> None:
        on = [FIRST + timedelta(days=n) for n in range(DAYS)]
        wish = _wish(room, 0, band, 2)
        self._try(lambda session: series.hold_series(session, self.places, wish, on, person(who)))

    @rule(pick=picks, count=heads, extras=boards)
    def say_what_for(self, pick: int, count: int, extras: int) -> None:
        told = Details(persons=count, extras={"board": extras})
        self._on(pick, {"held"}, lambda s, b: describe(s, self.places, b.token, told))

    @rule(pick=picks, wished=st.booleans())
    def book(self, pick: int, wished: bool) -> None:
        def both(session: Session, booking: Booking) -> None:
            told = Details(persons=max(booking.persons, 1), extras=booking.extras)
            describe(
                session, self.places, booking.token, replace(told, exemption="cohost" if wished else None)
            )
            confirm(session, self.places, booking.basket, contact=CONTACT, actor=RESIDENT)

        self._on(pick, {"held"}, both)

    @rule(pick=picks, granted=st.booleans())
    def examine(self, pick: int, granted: bool) -> None:
        def decide(session: Session, booking: Booking) -> None:
            assert booking.case_id is not None
            for one in session.scalars(select(Booking).where(Booking.case_id == booking.case_id)):
                if one.state == "applied":
                    approve.decide_price(
                        session, self.places, one, exemption=granted, reason="対象外", actor=OFFICER
                    )
            approve.approve(session, self.places, booking.case_id, actor=OFFICER)

        self._on(pick, {"applied"}, decide)

    @rule(pick=picks)
    def pay(self, pick: int) -> None:
        def bring(session: Session, booking: Booking) -> None:
            charge = session.get(Charge, booking.charge_id) if booking.charge_id else None
            if charge is None or charge.open_yen <= 0 or charge.cancelled_at is not None:
                return
            settled(session, self.places, Paid(charge, cash(session, charge), late=False))

        self._on(pick, {"awaiting_payment", "confirmed"}, bring)

    @rule(pick=picks, room=rooms, day=days, band=bands, extras=boards, count=heads)
    def move(self, pick: int, room: str, day: int, band: tuple[str, ...], extras: int, count: int) -> None:
        def there(session: Session, booking: Booking) -> None:
            wish = replace(
                wish_of(booking), **vars(_wish(room, day, band, count)) | {"extras": {"board": extras}}
            )
            change(session, self.places, booking.token, wish, person(1), actor=RESIDENT)

        self._on(pick, HOLDING, there)

    @rule(pick=picks)
    def give_up(self, pick: int) -> None:
        def end(session: Session, booking: Booking) -> None:
            if booking.state == "held":
                hold.release(session, self.places, booking.token)
            else:
                cancel(session, self.places, booking.token, actor=RESIDENT)

        self._on(pick, HOLDING, end)

    @rule(pick=picks)
    def extend(self, pick: int) -> None:
        self._on(pick, {"held"}, lambda s, b: hold.extend(s, b.token))

    @rule(room=rooms, day=days, displace=st.booleans())
    def shut(self, room: str, day: int, displace: bool) -> None:
        use_on = FIRST + timedelta(days=day)
        start, end = instant(use_on, 0), instant(use_on, 24 * 60)
        hall = self.places.by_slug["gym"]
        given: Any = {"kind": "maintenance", "reason": "点検", "actor": OFFICER, "displace": displace}
        self._try(lambda session: close(session, self.places, hall, [room], start, end, **given))

    @rule(pick=picks)
    def open_again(self, pick: int) -> None:
        def again(session: Session) -> None:
            closed = list(session.scalars(select(Closure).where(Closure.ended_at.is_(None))))
            if closed:
                reopen(session, self.places, closed[pick % len(closed)].id, OFFICER)

        self._try(again)

    @rule(minutes=st.sampled_from([3, 16, 60, 6 * 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        if self.now + timedelta(minutes=minutes) < MAY + timedelta(days=18):
            self.now += timedelta(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        self._try(lambda session: expire_holds(session, self.places))
        self._try(lambda session: lapse_unpaid(session, self.places))
        self._try(forget_abandoned)

    @invariant()
    def what_must_hold(self) -> None:
        with self.database.transaction() as session:
            broken = violations(session, self.places)
        assert broken == [], broken

    def _try(self, work: Callable[[Session], Any]) -> None:
        with clock.frozen(self.now), suppress(MadoguchiError), self.database.transaction() as session:
            work(session)

    def _on(self, pick: int, states: Any, work: Callable[[Session, Booking], Any]) -> None:
        def one(session: Session) -> None:
            found = list(
                session.scalars(select(Booking).where(Booking.state.in_(sorted(states))).order_by(Booking.id))
            )
            if found:
                work(session, found[pick % len(found)])

        self._try(one)


def _wish(room: str, day: int, band: tuple[str, ...], count: int) -> Wish:
    on = FIRST + timedelta(days=day)
    return (
        Wish("gym", room, on, (), 540, None, count)
        if room == "visit"
        else Wish("gym", room, on, band, persons=count)
    )


def violations(session: Session, places: Facilities) -> list[str]:
    """What stands in the database and must not."""
    facility = places.by_slug["gym"]
    broken = []
    if overlapping(session):
        broken.append("a cell is taken twice")
    standing = {b.id: b for b in session.scalars(select(Booking).where(Booking.state.in_(HOLDING)))}
    rows: Tally[int] = Tally()
    for row in session.scalars(select(Occupancy).where(Occupancy.booking_id.is_not(None))):
        assert row.booking_id is not None
        rows[row.booking_id] += (row.ends_at - row.starts_at) // timedelta(minutes=1)
    broken += [f"booking {n} ended and still occupies" for n in rows if n not in standing]
    drawn: Tally[tuple[str, Any]] = Tally()
    for booking in standing.values():
        room = facility.room(booking.room)
        wanted = (booking.ends_at - booking.starts_at) // timedelta(minutes=1) + room.buffer_minutes
        if rows[booking.id] != (0 if room.mode == "sessions" else len(room.atoms) * wanted):
            broken.append(f"booking {booking.id} does not own its cells")
        for one in draws_of_booking(facility, booking):
            drawn[one.resource, one.quantum] += one.count
    for counter in session.scalars(select(Counter)):
        if counter.used != drawn[counter.resource, counter.quantum] or counter.used > counter.capacity:
            broken.append(f"{counter.resource}: {counter.used} of {counter.capacity} counted")
    return broken + _wrong_totals(session)


def _wrong_totals(session: Session) -> list[str]:
    """A charge asks for what its standing bookings cost, less what is paid; frozen prices add up."""
    broken = []
    of_charge: dict[int, list[Booking]] = {}
    for booking in session.scalars(
        select(Booking).where(Booking.state.in_(("awaiting_payment", "confirmed")))
    ):
        lines = sum(line["amount_yen"] for line in (booking.quote or {}).get("lines", []))
        if lines != booking.total_yen or booking.paid_yen > booking.total_yen:
            broken.append(f"booking {booking.id}: {lines} in lines, {booking.total_yen} in all")
        if booking.charge_id is not None:
            of_charge.setdefault(booking.charge_id, []).append(booking)
    for charge_id, bookings in of_charge.items():
        charge = session.get_one(Charge, charge_id)
        unpaid = sum(b.total_yen - b.paid_yen for b in bookings)
        asked = charge.open_yen + refunds.under_way(charge)
        if charge.cancelled_at is None and asked != unpaid:
            broken.append(f"charge {charge_id}: {asked} asked for, {unpaid} unpaid")
    return broken


def explore(database: Database, *, examples: int, steps: int = 30, shorten: bool = True) -> None:
    """Walk; raises AssertionError with the sequence found that breaks something, the shortest with `shorten`."""
    machine = type("Machine", (Bookings,), {"database": database, "places": gym()})
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink] if shorten else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run_state_machine_as_test(machine, settings=chosen)


@contextmanager
def unguarded(database: Database) -> Iterator[None]:
    """The database without its rule, and nobody looks before taking: the machine must find the overlap."""
    look = hold.standing
    drop_rule(database)
    hold.standing = lambda *given: replace(look(*given), taken=[])
    try:
        yield
    finally:
        hold.standing = look
