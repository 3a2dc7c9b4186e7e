"""What ends by itself: uses that are over, holds nobody confirmed, and what must not be held up by the rest."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.fakes import hall
from tests.fakes.hall import MAY
from webapp import clock
from webapp.booking import approve, expire, finish, remind, usage
from webapp.booking.confirm import Confirmed, confirm
from webapp.booking.details import Details, describe
from webapp.booking.facility import Facilities
from webapp.booking.forget import forget_case
from webapp.booking.hold import hold, release
from webapp.booking.models import Booking
from webapp.booking.paying import settled
from webapp.casework.models import Case
from webapp.db import Database
from webapp.jobs import casework
from webapp.outbox.models import OutboxMessage
from webapp.payment.models import PaymentAttempt
from webapp.payment.settle import Paid
from webapp.wiring import Services

pytestmark = pytest.mark.usefixtures("in_may")
NEXT_DAY = datetime(2026, 6, 11, 2, 15, tzinfo=clock.TOKYO)


TOLD = Details(persons=10, title="練習")


@pytest.fixture
def gym() -> Facilities:
    return hall.facilities()


def services_on(database: Database, gym: Facilities) -> Services:
    return cast("Services", SimpleNamespace(database=database, facilities=gym))


def booked(
    session: Session, gym: Facilities, *days: date, paid: bool = True, told: Details = TOLD
) -> Confirmed:
    """One case with a use on each day."""
    basket = None
    for day in days or (hall.FIRST,):
        booking = hold(session, gym, hall.wish("a", day), hall.person(), basket=basket)
        basket = booking.basket
        describe(session, gym, booking.token, told)
    result = confirm(session, gym, basket or "", contact=hall.CONTACT, actor=hall.RESIDENT)
    if paid and result.charge is not None:
        settled(session, gym, Paid(result.charge, hall.cash(session, result.charge), late=False))
    session.flush()
    return result


def test_the_case_of_a_use_that_is_over_ends_once_and_its_years_begin(
    database: Database, gym: Facilities
) -> None:
    with database.transaction() as session:
        case_id = booked(session, gym).case.id
    services = services_on(database, gym)
    with clock.frozen(NEXT_DAY - timedelta(days=1)):
        assert casework.close_used(services).startswith("0 bookings")
    with clock.frozen(NEXT_DAY):
        assert casework.close_used(services).startswith("1 bookings")
        assert casework.close_used(services).startswith("0 bookings")
        casework.erase_old_cases(services)
    with database.reading() as session:
        case = session.get_one(Case, case_id)
        assert (case.status, case.outcome, case.closed_at) == ("completed", "completed", NEXT_DAY)
        assert case.retain_until == date(2032, 3, 31)


def test_after_its_years_nobody_is_left_in_a_use_and_the_use_still_counts(
    database: Database, gym: Facilities
) -> None:
    with database.transaction() as session:
        booked(session, gym)
    services = services_on(database, gym)
    with clock.frozen(NEXT_DAY):
        casework.close_used(services)
        casework.erase_old_cases(services)
    with clock.frozen(datetime(2032, 4, 1, 3, 0, tzinfo=clock.TOKYO)):
        casework.erase_old_cases(services)
    with database.reading() as session:
        assert session.scalars(select(Case)).all() == []
        used = session.scalars(select(Booking)).one()
        assert (used.why("exemption"), used.exemption) == ("", None)
        assert (used.contact, used.title, used.owner_key, used.case_id) == (None, None, None, None)
        assert (used.persons, used.total_yen, used.state) == (10, 2000, "confirmed")


def test_a_case_stays_open_while_a_use_is_to_come(session: Session, gym: Facilities) -> None:
    result = booked(session, gym, hall.FIRST, hall.FIRST + timedelta(days=1))
    with clock.frozen(NEXT_DAY):
        assert finish.close_used(session) == 0
    with clock.frozen(NEXT_DAY + timedelta(days=1)):
        assert finish.close_used(session) == 1
    assert result.case.status == "completed"


def test_a_case_stays_open_while_money_is_owed(session: Session) -> None:
    gym = hall.facilities(payment={"prepaid": False})
    result = booked(session, gym, paid=False)
    assert (result.state, result.charge and result.charge.open_yen) == ("confirmed", 2000)
    with clock.frozen(NEXT_DAY):
        assert finish.close_used(session) == 0
        assert result.charge is not None
        hall.cash(session, result.charge)
        assert finish.close_used(session) == 1


def test_what_nobody_decided_is_left_for_a_person(session: Session) -> None:
    result = booked(session, hall.facilities(approval=True))
    with clock.frozen(NEXT_DAY):
        assert finish.close_used(session) == 0
    assert (result.state, result.case.status) == ("applied", "received")


def test_a_hold_nobody_confirmed_is_forgotten_with_what_was_typed(session: Session, gym: Facilities) -> None:
    release(session, gym, hall.held(session, gym, "a").token)
    hall.held(session, gym, "b")
    kept = booked(session, gym).bookings[0]
    with clock.frozen(MAY + timedelta(hours=1)):
        assert expire.expire_holds(session, gym) == 1
        assert finish.forget_abandoned(session) == 0
    with clock.frozen(MAY + timedelta(days=2)):
        assert finish.forget_abandoned(session) == 2
        assert finish.forget_abandoned(session) == 0
    assert session.scalars(select(Booking.id)).all() == [kept.id]


def test_everybody_is_reminded_however_many_use_a_room_tomorrow(
    database: Database, gym: Facilities, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remind.remind_tomorrow, "__defaults__", (1,))
    with database.transaction() as session:
        for room in ("a", "b"):
            booking = hall.held(session, gym, room)
            done = confirm(session, gym, booking.basket, contact=hall.CONTACT, actor=hall.RESIDENT)
            assert done.charge is not None
            settled(session, gym, Paid(done.charge, hall.cash(session, done.charge), late=False))
    with clock.frozen(NEXT_DAY - timedelta(days=2) + timedelta(hours=7)):
        assert casework.remind_bookings(services_on(database, gym)) == "2 reminded"
        assert casework.remind_bookings(services_on(database, gym)) == "0 reminded"
    with database.reading() as session:
        told = [str(m.payload["event"]) for m in session.scalars(select(OutboxMessage))]
        assert told.count("booking_reminder") == 2


def test_a_slip_that_still_runs_does_not_hold_up_what_lapses(session: Session, gym: Facilities) -> None:
    first = booked(session, gym, paid=False)
    second = booked(session, gym, hall.FIRST + timedelta(days=1), paid=False)
    assert first.charge is not None
    first.charge.attempts.append(
        PaymentAttempt(
            key="slip", provider="konbini", account="city", amount_yen=first.charge.open_yen, methods=[],
            request={}, status="pending", created_at=MAY, expires_at=MAY + timedelta(days=9),
        )
    )  # fmt: skip
    session.flush()
    with clock.frozen(MAY + timedelta(days=6)):
        assert expire.lapse_unpaid(session, gym, limit=1) == 1
    assert (first.state, second.state) == ("awaiting_payment", "lapsed")


def test_two_halves_in_use_are_one_hall_in_use(session: Session) -> None:
    gym = hall.facilities(limits={})
    for room in ("a", "b", "visit"):
        more = {"start": 540, "persons": 30} if room == "visit" else {}
        booking = hold(session, gym, hall.wish(room, hall.FIRST, **more), hall.person())
        describe(session, gym, booking.token, Details(persons=30))
        confirm(session, gym, booking.basket, contact=hall.CONTACT, actor=hall.RESIDENT)
    with clock.frozen(NEXT_DAY):
        found = next(usage.figures(session, gym, [gym.by_slug["gym"]], 2026))
    assert (found.bookings, found.people, found.used_hours) == (3, 90, 3)


def test_why_somebody_pays_less_is_sealed_and_forgotten_with_the_case(session: Session) -> None:
    gym = hall.facilities()
    wished = replace(TOLD, exemption="cohost", exemption_reason="会員の半分が手帳を持っています")
    result = booked(session, gym, told=wished)
    approve.decide_price(
        session, gym, result.bookings[0], exemption=False, reason="入場料を取るため", actor=hall.OFFICER
    )
    session.flush()
    stored = [str(row) for row in session.execute(text("SELECT exemption, refund, reasons FROM booking"))]
    assert not [row for row in stored if "手帳" in row or "入場料" in row]
    booking = result.bookings[0]
    assert (booking.why("exemption"), booking.why("denied")) == (wished.exemption_reason, "入場料を取るため")
    forget_case(session, result.case.id)
    assert (booking.why("exemption"), booking.why("denied")) == ("", "")
    assert booking.exemption == {"key": "cohost", "state": "denied"}
