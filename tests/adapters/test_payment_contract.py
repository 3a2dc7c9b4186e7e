"""One suite for every payment plug: sandbox, Stripe (over HTTP against the fake) and the cash desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from integrations.payment.counter import CounterPayment
from integrations.payment.sandbox import SandboxPayment
from integrations.payment.sandbox_store import Store
from integrations.payment.stripe import Account, StripePayment
from tests.fakes.stripe_server import KEY, FakeStripe
from tests.fakes.stripe_webhooks import SECRET
from webapp.ports.payment import (
    BadEvent,
    Method,
    NotKnown,
    Order,
    OrderLine,
    PaymentPort,
    RefundOrder,
    Refused,
)


class Payer(Protocol):
    """What the person at the other end does."""

    def pay(self, provider_id: str) -> None: ...


@dataclass
class SandboxWorld:
    port: SandboxPayment
    method: Method = "card"

    def pay(self, provider_id: str) -> None:
        self.port.pay(provider_id, "card")


@dataclass
class DeskWorld:
    port: CounterPayment
    method: Method = "cash"

    def pay(self, provider_id: str) -> None:
        self.port.take(provider_id, "cash")


@dataclass
class StripeWorld:
    port: StripePayment
    fake: FakeStripe
    method: Method = "card"

    def pay(self, provider_id: str) -> None:
        self.fake.state.pay(provider_id)


World = SandboxWorld | DeskWorld | StripeWorld


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(params=["sandbox", "counter", "stripe"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "counter":
        yield DeskWorld(CounterPayment(now))
    elif request.param == "sandbox":
        store = Store(tmp_path / "s.sqlite3")
        yield SandboxWorld(
            SandboxPayment(
                store,
                page_url="http://x/sandbox/payment",
                callback_url="http://x",
                secret="s",
                now=now,
                deliver=lambda *_: 200,
                in_background=False,
            )
        )
    else:
        with FakeStripe() as fake:
            account = {"city": Account(KEY, (SECRET,))}
            yield StripeWorld(
                StripePayment(account, methods=("card", "paypay", "konbini"), api=fake.url), fake
            )


def order(key: str = "pay_1", yen: int = 3420, **change: object) -> Order:
    made = Order(
        key=key,
        account="city",
        amount_yen=yen,
        title="会議室",
        lines=(OrderLine("会議室", yen),),
        methods=("card", "konbini"),
        return_url="http://localhost/back",
        cancel_url="http://localhost/cancel",
        opened_at=now().replace(microsecond=0),
        expires_at=now().replace(microsecond=0) + timedelta(minutes=60),
        reference=key,
        email="payer@example.jp",
    )
    return replace(made, **change)  # type: ignore[arg-type]


def refund_order(world: World, provider_id: str, yen: int, key: str = "ref_1") -> RefundOrder:
    truth = world.port.fetch(provider_id)
    return RefundOrder(
        key, "city", provider_id, truth.payment_id or "", yen, world.method, "payer@example.jp"
    )


def paid(world: World, yen: int = 3420) -> str:
    provider_id = world.port.start(order(yen=yen)).provider_id
    world.pay(provider_id)
    return provider_id


def test_the_plug_fits_the_socket(world: World) -> None:
    port: PaymentPort = world.port
    assert port.name
    assert port.methods


def test_the_same_key_gives_the_same_payment(world: World) -> None:
    one = order()
    assert world.port.start(one).provider_id == world.port.start(one).provider_id


def test_the_same_key_with_another_amount_is_refused(world: World) -> None:
    first = order()
    world.port.start(first)
    with pytest.raises(Refused):
        world.port.start(replace(first, amount_yen=1, lines=(OrderLine("会議室", 1),)))


def test_a_started_payment_is_open_and_names_our_reference(world: World) -> None:
    truth = world.port.fetch(world.port.start(order()).provider_id)
    assert (truth.status, truth.reference, truth.currency) == ("open", "pay_1", "jpy")


@pytest.mark.parametrize("yen", [1, 3420, 299_999, 300_000])
def test_yen_are_sent_and_come_back_as_they_are(world: World, yen: int) -> None:
    truth = world.port.fetch(paid(world, yen))
    assert truth.amount_yen == yen
    assert isinstance(truth.amount_yen, int)


def test_a_paid_payment_says_when_and_how(world: World) -> None:
    truth = world.port.fetch(paid(world))
    assert (truth.status, truth.method) == ("paid", world.method)
    assert truth.paid_at is not None
    assert abs(truth.paid_at - now()) < timedelta(minutes=1)


def test_an_expired_payment_is_expired_and_stays_so(world: World) -> None:
    provider_id = world.port.start(order()).provider_id
    assert world.port.expire(provider_id).status == "expired"
    assert world.port.fetch(provider_id).status == "expired"


def test_expiring_what_was_paid_tells_that_it_is_paid(world: World) -> None:
    assert world.port.expire(paid(world)).status == "paid"


def test_part_refunds_add_up_to_what_was_paid_and_no_further(world: World) -> None:
    provider_id = paid(world, 1000)
    assert world.port.refund(refund_order(world, provider_id, 400, "r1")).status == "succeeded"
    assert world.port.refund(refund_order(world, provider_id, 600, "r2")).status == "succeeded"
    with pytest.raises(Refused):
        world.port.refund(refund_order(world, provider_id, 1, "r3"))


def test_the_same_refund_key_gives_money_back_once(world: World) -> None:
    provider_id = paid(world, 1000)
    asked = refund_order(world, provider_id, 400)
    first, second = world.port.refund(asked), world.port.refund(asked)
    assert first.refund_id == second.refund_id
    assert [entry.amount_yen for entry in world.port.fetch(provider_id).refunds] == [400]


def test_a_refund_above_the_payment_is_refused(world: World) -> None:
    provider_id = paid(world, 1000)
    with pytest.raises(Refused):
        world.port.refund(refund_order(world, provider_id, 1001))


def test_an_unpaid_payment_is_not_refunded(world: World) -> None:
    provider_id = world.port.start(order()).provider_id
    with pytest.raises((Refused, NotKnown)):
        world.port.refund(RefundOrder("r", "city", provider_id, "pi_none", 100, world.method))


def test_a_refund_can_be_asked_about_by_its_id(world: World) -> None:
    made = world.port.refund(refund_order(world, paid(world), 100))
    assert world.port.fetch_refund(made.refund_id).key == "ref_1"


def test_a_refund_that_went_out_cannot_be_called_off(world: World) -> None:
    made = world.port.refund(refund_order(world, paid(world), 100))
    with pytest.raises(Refused):
        world.port.call_off_refund(made.refund_id)
    with pytest.raises(NotKnown):
        world.port.call_off_refund("nothing")


def test_what_is_not_known_is_said_so(world: World) -> None:
    with pytest.raises(NotKnown):
        world.port.fetch("nothing")
    with pytest.raises(NotKnown):
        world.port.fetch_refund("nothing")


def test_an_unsigned_event_is_not_taken(world: World) -> None:
    with pytest.raises(BadEvent):
        world.port.parse_event(b"{}", {})
