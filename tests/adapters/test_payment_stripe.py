"""The Stripe adapter, over HTTP, against the fake: what is particular to Stripe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from integrations.payment.stripe import Account, StripePayment
from tests.adapters.test_payment_contract import now, order
from tests.fakes.stripe_server import SECRET, FakeStripe
from webapp.ports.payment import (
    ForgedEvent,
    MalformedEvent,
    OrderLine,
    RefundOrder,
    Refused,
    StaleEvent,
    Unreachable,
)


@pytest.fixture
def fake() -> Iterator[FakeStripe]:
    with FakeStripe() as running:
        yield running


@pytest.fixture
def port(fake: FakeStripe) -> StripePayment:
    account = {"city": Account("sk_test_fake", SECRET)}
    return StripePayment(account, methods=("card", "paypay", "konbini"), api=fake.url, timeout=3)


def test_a_slip_is_pending_until_midnight_and_then_paid(fake: FakeStripe, port: StripePayment) -> None:
    provider_id = port.start(order()).provider_id
    fake.state.take_slip(provider_id)
    waiting = port.fetch(provider_id)
    assert (waiting.status, waiting.method, waiting.instructions["number"]) == (
        "pending",
        "konbini",
        "00123456789",
    )
    fake.state.pay(provider_id, "konbini")
    assert port.fetch(provider_id).status == "paid"


def test_a_slip_that_ran_out_has_failed_and_may_be_paid_late(fake: FakeStripe, port: StripePayment) -> None:
    provider_id = port.start(order()).provider_id
    fake.state.take_slip(provider_id)
    fake.state.lapse_slip(provider_id)
    assert port.fetch(provider_id).status == "failed"
    fake.state.pay(provider_id, "konbini")
    assert port.fetch(provider_id).status == "paid"


def test_expiring_a_slip_cancels_it_at_stripe(fake: FakeStripe, port: StripePayment) -> None:
    provider_id = port.start(order()).provider_id
    fake.state.take_slip(provider_id)
    assert port.expire(provider_id).status == "expired"


def test_a_konbini_refund_waits_for_the_payers_bank_details(fake: FakeStripe, port: StripePayment) -> None:
    provider_id = port.start(order()).provider_id
    fake.state.take_slip(provider_id)
    fake.state.pay(provider_id, "konbini")
    intent = str(port.fetch(provider_id).payment_id)
    with pytest.raises(Refused):
        port.refund(RefundOrder("r0", "city", provider_id, intent, 100, "konbini"))
    made = port.refund(RefundOrder("r1", "city", provider_id, intent, 100, "konbini", "a@example.jp"))
    assert made.status == "requires_action"
    fake.state.give_bank_details(made.refund_id)
    assert port.fetch_refund(made.refund_id).status == "succeeded"


def test_a_hold_of_fifteen_minutes_still_gives_stripe_its_thirty(port: StripePayment) -> None:
    short = order(expires_at=now() + timedelta(minutes=15))
    assert port.start(short).expires_at >= now() + timedelta(minutes=30)


def test_a_discount_line_is_sent_as_one_sum(fake: FakeStripe, port: StripePayment) -> None:
    lines = (OrderLine("会議室", 1000), OrderLine("減額", -300))
    provider_id = port.start(order(yen=700, lines=lines)).provider_id
    assert fake.state.sessions[provider_id]["amount_total"] == 700


@pytest.mark.parametrize("fault", ["500_before", "500_after", "drop_before", "drop_after", "429"])
def test_after_any_outage_the_same_key_leads_to_one_payment(
    fake: FakeStripe, port: StripePayment, fault: str
) -> None:
    fake.faults = lambda method, path: fault
    one = order()
    with pytest.raises(Unreachable):
        port.start(one)
    fake.faults = lambda method, path: None
    first, second = port.start(one), port.start(one)
    assert first.provider_id == second.provider_id
    assert len(fake.state.sessions) == 1


def test_a_payee_without_an_account_is_refused(port: StripePayment) -> None:
    with pytest.raises(Refused):
        port.start(order(account="mihon-sports"))


def test_a_managers_money_goes_to_the_managers_account(fake: FakeStripe) -> None:
    both = {"city": Account("sk_city", SECRET), "mihon-sports": Account("sk_sports", "whsec_sports")}
    port = StripePayment(both, api=fake.url)
    assert port.start(order(account="mihon-sports")).provider_id


def test_a_signed_event_points_at_its_session(fake: FakeStripe, port: StripePayment) -> None:
    heard: list[tuple[bytes, dict[str, str]]] = []
    fake.deliver = lambda raw, headers: heard.append((raw, headers))
    provider_id = port.start(order()).provider_id
    fake.state.pay(provider_id)
    ref = port.parse_event(*heard[0])
    assert (ref.kind, ref.provider_id, ref.account) == ("checkout.session.completed", provider_id, "city")


def test_an_event_about_a_refund_leads_to_its_session(fake: FakeStripe, port: StripePayment) -> None:
    heard: list[tuple[bytes, dict[str, str]]] = []
    provider_id = port.start(order()).provider_id
    fake.state.pay(provider_id)
    fake.deliver = lambda raw, headers: heard.append((raw, headers))
    port.refund(RefundOrder("r1", "city", provider_id, str(port.fetch(provider_id).payment_id), 100, "card"))
    ref = port.parse_event(*heard[0])
    assert port.fetch(str(ref.provider_id)).provider_id == provider_id


def test_forged_stale_and_malformed_events_are_told_apart(fake: FakeStripe, port: StripePayment) -> None:
    event = {"id": "evt_1", "type": "x", "created": 1, "data": {"object": {"object": "refund"}}}
    with pytest.raises(ForgedEvent):
        port.parse_event(*fake.signed(event, "forged"))
    with pytest.raises(StaleEvent):
        port.parse_event(*fake.signed(event, "stale"))
    with pytest.raises(MalformedEvent):
        port.parse_event(*fake.signed({"id": "evt_1"}))


def test_payouts_tell_gross_fee_and_day(fake: FakeStripe, port: StripePayment) -> None:
    provider_id = port.start(order(yen=10_000)).provider_id
    fake.state.pay(provider_id)
    today = now().date()
    found = port.payouts(today, today + timedelta(days=10))
    assert [(entry.gross_yen, entry.fee_yen) for entry in found] == [(10_000, 360)]
    assert found[0].provider_id == port.fetch(provider_id).payment_id


def test_no_decimal_ever_leaves_the_house(fake: FakeStripe, port: StripePayment) -> None:
    provider_id = port.start(replace(order(), amount_yen=3420)).provider_id
    assert "." not in json.dumps(fake.state.sessions[provider_id]["amount_total"])
