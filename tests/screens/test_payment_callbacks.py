"""Stripe's callbacks at our door: the bad ones leave a record and change nothing, the same one counts once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from integrations.payment.counter import CounterPayment
from integrations.payment.stripe import Account, StripePayment
from tests.casework_office import Office, open_office
from tests.fakes.payment_world import ADDRESSES, open_charge
from tests.fakes.stripe_server import KEY, FakeStripe
from tests.fakes.stripe_webhooks import SECRET, signed
from webapp import clock
from webapp.db import Database
from webapp.outbox.models import OutboxMessage
from webapp.payment import charges, steps
from webapp.payment.models import Charge, PaymentAttempt, ProviderEvent, Refund, Settlement

TABLES = (Charge, PaymentAttempt, Settlement, Refund, OutboxMessage)


class Door:
    """An office whose provider is Stripe, with one charge and its open page."""

    def __init__(self, office: Office, fake: FakeStripe) -> None:
        self.office, self.fake = office, fake
        fake.deliver = lambda raw, headers: self.heard.append(json.loads(raw))
        self.heard: list[dict[str, Any]] = []
        port = StripePayment({"city": Account(KEY, (SECRET,))}, api=fake.url)
        ports = {"stripe": port, "counter": CounterPayment(clock.now)}
        services = replace(office.services, payment=ports)
        office.app.extensions["madoguchi"] = services
        with office.database.transaction() as session:
            case = office.submitted(session).case
            self.charge = open_charge(session, 300, case_id=case.id, department="citizen")
        attempt = steps.pay(
            office.database.transaction,
            ports,
            port,
            self.charge,
            addresses=ADDRESSES,
            lang="ja",
            handlers=services.settle_handlers,
        )
        self.page = str(attempt.provider_id)

    def post(self, raw: bytes, headers: dict[str, str]) -> int:
        client = self.office.app.test_client()
        return client.post("/callbacks/payment/stripe", data=raw, headers=headers).status_code

    def state(self) -> tuple[Any, ...]:
        with self.office.database.reading() as session:
            counts = [session.scalar(select(func.count()).select_from(table)) for table in TABLES]
            charge = charges.by_token(session, self.charge.token)
            return (*counts, charge.status, charge.settled_yen, charge.updated_at)

    def events(self) -> list[tuple[str, int, bytes]]:
        with self.office.database.reading() as session:
            return [
                (event.verdict, event.times, event.raw) for event in session.scalars(select(ProviderEvent))
            ]


@pytest.fixture
def door(database: Database, tmp_path: Path) -> Iterator[Door]:
    with FakeStripe() as fake:
        yield Door(open_office(database, tmp_path), fake)


@pytest.mark.parametrize("verdict", ["forged", "stale", "malformed"])
def test_a_bad_callback_leaves_a_record_and_changes_nothing(door: Door, verdict: str) -> None:
    door.fake.webhooks = lambda event: []
    door.fake.state.pay(door.page)
    event: dict[str, Any] = door.fake.state.events[-1] if verdict != "malformed" else {"id": "evt_x"}
    raw, headers = signed(event, verdict)
    before = door.state()
    assert [door.post(raw, headers), door.post(raw, headers)] == [400, 400]
    assert door.state() == before
    assert door.events() == [(verdict, 2, raw)]


def test_the_record_can_be_read_by_staff(door: Door) -> None:
    door.post(b"{}", {"Stripe-Signature": "t=1,v1=00"})
    with door.office.database.transaction() as session:
        door.office.staff(session, "kacho").roles = ["cashier@*"]
    assert "署名が違う" in door.office.client("kacho").get("/staff/payments").text


def test_a_replayed_callback_is_answered_and_counts_once(door: Door) -> None:
    door.fake.state.pay(door.page)
    raw, headers = signed(door.heard[-1])
    assert [door.post(raw, headers) for _ in range(3)] == [200, 200, 200]
    assert door.state()[5:7] == ("paid", 300)
    assert [(verdict, times) for verdict, times, _ in door.events()] == [("accepted", 3)]


def test_a_callback_that_claims_another_amount_is_not_believed(door: Door) -> None:
    event = {"id": "evt_1", "type": "checkout.session.completed", "created": 1}
    event |= {"data": {"object": {"object": "checkout.session", "id": door.page, "payment_status": "paid"}}}
    assert door.post(*signed(event)) == 200
    assert door.state()[5:7] == ("open", 0)


@pytest.mark.parametrize(
    ("change", "reason"), [({"amount_total": 30_000}, "amount"), ({"currency": "usd"}, "currency")]
)
def test_money_that_does_not_agree_is_parked_for_a_person(
    door: Door, change: dict[str, Any], reason: str
) -> None:
    door.fake.state.sessions[door.page] |= change
    door.fake.state.pay(door.page)
    assert door.post(*signed(door.heard[-1])) == 200
    with door.office.database.reading() as session:
        parked = session.scalars(select(Settlement)).one()
        assert (parked.state, parked.parked_reason) == ("parked", reason)
        assert charges.by_token(session, door.charge.token).settled_yen == 0


def test_a_declined_card_changes_nothing_but_tells_staff_why(door: Door) -> None:
    door.fake.state.pay(door.page, card="4000000000009995")
    assert door.post(*signed(door.heard[-1])) == 200
    with door.office.database.reading() as session:
        attempt = charges.by_token(session, door.charge.token).attempts[0]
        assert (attempt.status, attempt.failure) == ("started", "insufficient_funds")
    door.fake.state.pay(door.page)
    assert door.post(*signed(door.heard[-1])) == 200
    assert door.state()[5:7] == ("paid", 300)


def test_when_stripe_is_down_the_callback_is_kept_and_asked_for_again(door: Door) -> None:
    door.fake.state.pay(door.page)
    raw, headers = signed(door.heard[-1])
    door.fake.faults = lambda method, path: "500_before"
    assert door.post(raw, headers) == 503
    door.fake.faults = lambda method, path: None
    assert door.post(raw, headers) == 200
    assert door.state()[5:7] == ("paid", 300)
