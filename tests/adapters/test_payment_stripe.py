"""The Stripe adapter, over HTTP, against the fake: what is particular to Stripe."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

import pytest

from integrations.payment.stripe import Account, StripePayment
from tests.adapters.test_payment_contract import now, order
from tests.fakes.stripe_payers import ASKS_3DS, DECLINED, REFUND_FAILS_LATER
from tests.fakes.stripe_server import KEY, FakeStripe
from tests.fakes.stripe_webhooks import SECRET, Endpoint, signed
from webapp.ports.payment import (
    ForgedEvent,
    MalformedEvent,
    NotKnown,
    OrderLine,
    RefundOrder,
    Refused,
    StaleEvent,
    Unreachable,
)

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def fake() -> Iterator[FakeStripe]:
    with FakeStripe() as running:
        yield running


@pytest.fixture
def port(fake: FakeStripe) -> StripePayment:
    account = {"city": Account(KEY, (SECRET,))}
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


def test_a_refund_nobody_answers_is_called_off_and_its_money_is_ours_again(
    fake: FakeStripe, port: StripePayment
) -> None:
    provider_id = port.start(order(yen=1000)).provider_id
    fake.state.take_slip(provider_id)
    fake.state.pay(provider_id, "konbini")
    intent = str(port.fetch(provider_id).payment_id)
    first = RefundOrder("r1", "city", provider_id, intent, 1000, "konbini", "a@example.jp")
    made = port.refund(first)
    assert port.call_off_refund(made.refund_id).status == "canceled"
    assert port.refund(replace(first, key="r2")).status == "requires_action"


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
    both = {"city": Account("sk_city", (SECRET,)), "mihon-sports": Account("sk_sports", ("whsec_sports",))}
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


@pytest.mark.parametrize("card", sorted(DECLINED))
def test_a_declined_card_leaves_the_page_open_and_says_why(
    fake: FakeStripe, port: StripePayment, card: str
) -> None:
    provider_id = port.start(order()).provider_id
    fake.state.pay(provider_id, card=card)
    declined = port.fetch(provider_id)
    assert (declined.status, declined.failure) == ("open", DECLINED[card])
    fake.state.pay(provider_id)
    assert port.fetch(provider_id).status == "paid"
    assert sum(fake.state.money.values()) == 1


def test_a_card_that_asks_for_3d_secure_is_open_until_the_payer_answers(
    fake: FakeStripe, port: StripePayment
) -> None:
    provider_id = port.start(order()).provider_id
    fake.state.pay(provider_id, card=ASKS_3DS)
    asked = port.fetch(provider_id)
    assert (asked.status, asked.method, asked.pending_until) == ("open", None, None)
    fake.state.authenticate(provider_id)
    assert (port.fetch(provider_id).status, port.fetch(provider_id).method) == ("paid", "card")


def test_a_failed_3d_secure_takes_no_money(fake: FakeStripe, port: StripePayment) -> None:
    provider_id = port.start(order()).provider_id
    fake.state.pay(provider_id, card=ASKS_3DS)
    fake.state.authenticate(provider_id, passed=False)
    refused = port.fetch(provider_id)
    assert (refused.status, refused.failure) == ("open", "payment_intent_authentication_failure")
    assert port.expire(provider_id).status == "expired"
    assert not fake.state.money


def test_a_slip_runs_out_by_the_clock_at_midnight_in_tokyo(fake: FakeStripe, port: StripePayment) -> None:
    provider_id = port.start(order(konbini_days=1)).provider_id
    fake.state.take_slip(provider_id)
    until = port.fetch(provider_id).pending_until
    assert until is not None
    assert until.astimezone(TOKYO).strftime("%H:%M:%S") == "23:59:59"
    fake.state.shift = (until - now()).total_seconds() + 1
    over = port.fetch(provider_id)
    assert (over.status, over.failure) == ("failed", "payment_intent_payment_attempt_expired")


def test_paypay_is_paid_at_once_and_goes_back_in_parts(fake: FakeStripe, port: StripePayment) -> None:
    provider_id = port.start(order(yen=1000, methods=("card", "paypay"))).provider_id
    fake.state.decline(provider_id, "payment_method_provider_decline")
    assert port.fetch(provider_id).status == "open"
    fake.state.pay(provider_id, "paypay")
    truth = port.fetch(provider_id)
    assert (truth.status, truth.method, truth.fee_yen) == ("paid", "paypay", 35)
    refund = RefundOrder("r1", "city", provider_id, str(truth.payment_id), 400, "paypay")
    assert port.refund(refund).status == "succeeded"
    with pytest.raises(Refused):
        port.refund(replace(refund, key="r2", amount_yen=601))


def test_a_slow_refund_is_pending_until_it_arrives(fake: FakeStripe, port: StripePayment) -> None:
    fake.state.slow_refunds = frozenset({"paypay"})
    provider_id = port.start(order(yen=1000, methods=("paypay",))).provider_id
    fake.state.pay(provider_id, "paypay")
    intent = str(port.fetch(provider_id).payment_id)
    made = port.refund(RefundOrder("r1", "city", provider_id, intent, 1000, "paypay"))
    assert made.status == "pending"
    fake.state.pass_time()
    assert port.fetch_refund(made.refund_id).status == "succeeded"


def test_a_refund_that_comes_back_is_failed_with_its_reason(fake: FakeStripe, port: StripePayment) -> None:
    provider_id = port.start(order(yen=1000)).provider_id
    fake.state.pay(provider_id, card=REFUND_FAILS_LATER)
    intent = str(port.fetch(provider_id).payment_id)
    made = port.refund(RefundOrder("r1", "city", provider_id, intent, 1000, "card"))
    assert made.status == "succeeded"
    fake.state.pass_time()
    back = port.fetch(provider_id).refunds[0]
    assert (back.status, back.failure) == ("failed", "expired_or_canceled_card")


@pytest.mark.parametrize("signing", [("whsec_old",), ("whsec_new",), ("whsec_new", "whsec_old")])
def test_a_signing_secret_is_rolled_without_losing_an_event(
    fake: FakeStripe, signing: tuple[str, ...]
) -> None:
    port = StripePayment({"city": Account(KEY, ("whsec_new", "whsec_old"))}, api=fake.url)
    event = {"id": "evt_1", "type": "x", "created": 1, "data": {"object": {"object": "refund"}}}
    assert port.parse_event(*signed(event, secrets=signing)).event_id == "evt_1"
    with pytest.raises(ForgedEvent):
        port.parse_event(*signed(event, secrets=("whsec_other",)))


def test_each_endpoint_hears_its_own_accounts_events(fake: FakeStripe) -> None:
    accounts = {"city": Account("sk_city", ("whsec_c",)), "mihon-sports": Account("sk_sports", ("whsec_s",))}
    port = StripePayment(accounts, api=fake.url)
    with Ear() as city, Ear() as sports:
        fake.endpoints = [
            Endpoint(city.url, ("whsec_c",), "sk_city"),
            Endpoint(sports.url, ("whsec_s",), "sk_sports"),
        ]
        provider_id = port.start(order(account="mihon-sports")).provider_id
        fake.state.pay(provider_id)
        ref = port.parse_event(*sports.hears())
    assert (ref.account, ref.provider_id, city.heard.empty()) == ("mihon-sports", provider_id, True)
    with pytest.raises(NotKnown):
        port.fetch(provider_id, account="city")
    assert port.fetch(provider_id, account="mihon-sports").status == "paid"


class Ear:
    """A webhook endpoint that keeps what it is sent."""

    def __enter__(self) -> Ear:
        self.heard: queue.Queue[tuple[bytes, dict[str, str]]] = queue.Queue()
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                heard.put((body, dict(self.headers)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def hears(self) -> tuple[bytes, dict[str, str]]:
        """The next callback, within five seconds."""
        return self.heard.get(timeout=5)
