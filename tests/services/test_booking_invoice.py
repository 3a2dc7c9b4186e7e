"""How a hall is paid: by which methods, and by invoice after the use for groups that registered as such."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.payment.counter import CounterPayment
from tests.fakes import hall
from tests.fakes.hall import MAY
from webapp import clock, wiring
from webapp.booking import change, expire
from webapp.booking.confirm import Confirmed, confirm
from webapp.booking.details import Details, describe
from webapp.booking.facility import Facilities
from webapp.booking.hold import hold
from webapp.booking.wish import wish_of
from webapp.errors import InvalidInput
from webapp.outbox.models import OutboxMessage
from webapp.payment import desk

pytestmark = pytest.mark.usefixtures("in_may")
INVOICE = {
    "who": "福祉の団体",
    "when": {"group_class": "welfare"},
    "days_after_use": 30,
    "citation": "規則9条",
}


@pytest.fixture
def gym() -> Facilities:
    return hall.facilities(payment={"days_after": 5, "methods": ["card", "cash", "slip"], "invoice": INVOICE})


def booked(session: Session, gym: Facilities, **facts: Any) -> Confirmed:
    who = replace(hall.person(), facts={**hall.person().facts, **facts})
    booking = hold(session, gym, hall.wish(), who)
    describe(session, gym, booking.token, Details(persons=10, facts=dict(who.facts)))
    return confirm(session, gym, booking.basket, contact=hall.CONTACT, actor=hall.RESIDENT)


def test_a_group_that_pays_by_invoice_is_confirmed_and_pays_after_the_use(
    session: Session, gym: Facilities
) -> None:
    done = booked(session, gym, group_class="welfare")
    assert done.state == "confirmed" and done.bookings[0].pay_by is None
    assert done.charge is not None
    assert (done.charge.due_on, done.charge.open_yen, done.charge.pay_before) == (
        date(2026, 7, 10),
        2000,
        None,
    )
    (told,) = [m.payload for m in session.scalars(select(OutboxMessage)) if "event" in m.payload]
    assert told["event"] == "booking_confirmed"
    assert "7月10日までに" in told["data"]["pay_how"]["ja"] and "10 July" in told["data"]["pay_how"]["en"]
    with clock.frozen(MAY.replace(month=6, day=9)):
        assert expire.lapse_unpaid(session, gym) == 0


@pytest.mark.parametrize("facts", [{}, {"group_class": "sports"}])
def test_everybody_else_pays_first(session: Session, gym: Facilities, facts: dict[str, str]) -> None:
    done = booked(session, gym, **facts)
    assert done.state == "awaiting_payment" and done.charge is not None
    assert done.charge.due_on == date(2026, 5, 16)


def test_what_a_change_adds_is_invoiced_too(session: Session, gym: Facilities) -> None:
    booking = booked(session, gym, group_class="welfare").bookings[0]
    wish = replace(wish_of(booking), room="whole", use_on=date(2026, 6, 12))
    done = change.change(session, gym, booking.token, wish, hall.person(), actor=hall.RESIDENT)
    assert done.charge is not None
    assert (done.charge.open_yen, done.charge.due_on) == (4000, date(2026, 7, 12))


def test_the_methods_of_the_hall_stand_on_its_charge_and_the_desk_keeps_to_them(
    session: Session, gym: Facilities
) -> None:
    charge = booked(session, gym).charge
    assert charge is not None and charge.methods == ["card", "cash", "slip"]
    port, handlers = CounterPayment(clock.now), wiring.settle_handlers(gym)
    with pytest.raises(InvalidInput) as refused:
        desk.receive(
            session, charge, port=port, method="pos", till="1", actor=hall.OFFICER, handlers=handlers,
            terminal_reference="7",
        )  # fmt: skip
    assert "この方法で支払えません" in (refused.value.say or "")
    desk.receive(session, charge, port=port, method="cash", till="1", actor=hall.OFFICER, handlers=handlers)
    assert charge.open_yen == 0
