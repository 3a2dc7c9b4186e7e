"""Whoever moves the money of a booking locks in one order, so that nobody waits in a circle."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.fakes import hall
from webapp import clock
from webapp.booking import cancel, change, expire
from webapp.booking.confirm import confirm
from webapp.booking.facility import Facilities
from webapp.booking.models import Booking
from webapp.booking.paying import settled
from webapp.booking.wish import wish_of
from webapp.db import Database
from webapp.errors import MadoguchiError
from webapp.payment import charges
from webapp.payment.settle import Paid

MAY = datetime(2026, 5, 11, 10, 0, tzinfo=clock.TOKYO)
LATER = MAY + timedelta(days=6)
Move = Callable[[Session, Facilities, Booking], Any]


@pytest.fixture(autouse=True)
def _when_the_time_to_pay_is_over() -> Iterator[None]:
    with clock.frozen(LATER):
        yield


def cancelled(session: Session, gym: Facilities, booking: Booking) -> None:
    cancel.cancel(session, gym, booking.token, actor=hall.RESIDENT)


def moved(session: Session, gym: Facilities, booking: Booking) -> None:
    there = replace(wish_of(booking), bands=("pm",))
    change.change(session, gym, booking.token, there, hall.person(), actor=hall.RESIDENT)


def lapsed(session: Session, gym: Facilities, booking: Booking) -> None:
    expire.lapse_unpaid(session, gym)


@pytest.mark.parametrize("move", [cancelled, moved, lapsed])
def test_a_payment_and_a_change_of_the_same_booking_wait_for_each_other_in_turn(
    database: Database, move: Move
) -> None:
    gym = hall.facilities()
    with clock.frozen(MAY), database.transaction() as session:
        held = hall.held(session, gym)
        done = confirm(session, gym, held.basket, contact=hall.CONTACT, actor=hall.RESIDENT)
        token, charge_id = held.token, done.charge.id if done.charge else 0
    begun = Event()

    def other() -> None:
        with clock.frozen(LATER), database.transaction() as session:
            booking = session.scalars(select(Booking).where(Booking.token == token)).one()
            begun.set()
            move(session, gym, booking)

    with ThreadPoolExecutor(1) as pool, database.transaction() as session:
        charge = charges.lock(session, charge_id)
        waits = pool.submit(other)
        begun.wait(0.3)
        settled(session, gym, Paid(charge, hall.cash(session, charge), late=False))
        session.commit()
        try:
            waits.result(timeout=10)
        except MadoguchiError:
            pass  # what the payment changed may forbid it: refused, and not broken off by the database
    with database.reading() as session:
        booking = session.scalars(select(Booking).where(Booking.token == token)).one()
        assert booking.state == ("cancelled" if move is cancelled else "confirmed")
