"""Pure parts of payment: states with names, tax within a sum, which plug a name means."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations import catalogue
from integrations.payment.counter import CounterPayment
from webapp.errors import IllegalStep, InvalidInput
from webapp.payment import states, tax
from webapp.payment.models import Charge, PaymentAttempt, Refund


def ground(tmp_path: Path, **options: str) -> catalogue.Ground:
    return catalogue.Ground(options, "http://x", "http://x", tmp_path, "secret", lambda: datetime.now(UTC))


@pytest.mark.parametrize("state", ["created", "started", "pending", "expired", "failed", "parked"])
def test_money_is_legal_in_every_state_that_is_not_paid(state: str) -> None:
    attempt = PaymentAttempt(status=state)
    states.step_attempt(attempt, "pay")
    assert attempt.status == "paid"


def test_nothing_follows_paid() -> None:
    with pytest.raises(IllegalStep) as caught:
        states.step_attempt(PaymentAttempt(status="paid"), "expire")
    assert (caught.value.step, caught.value.state) == ("expire", "paid")


@pytest.mark.parametrize(
    ("state", "step"), [("proposed", "send"), ("succeeded", "withdraw"), ("withdrawn", "approve")]
)
def test_an_illegal_step_of_a_refund_is_named(state: str, step: str) -> None:
    with pytest.raises(IllegalStep) as caught:
        states.step_refund(Refund(status=state), step)
    assert caught.value.step == step


@pytest.mark.parametrize(
    ("amounts", "reading"),
    [
        ((100, 0, 0, 100), "open"),
        ((100, 0, 0, 0), "paid"),
        ((0, 0, 100, 0), "waived"),
        ((100, 50, 50, 0), "partly_refunded"),
        ((100, 100, 100, 0), "refunded"),
        ((100, 0, 100, -100), "overpaid"),
    ],
)
def test_a_charge_is_read_from_its_amounts(amounts: tuple[int, int, int, int], reading: str) -> None:
    settled, refunded, waived, still_open = amounts
    charge = Charge(settled_yen=settled, refunded_yen=refunded, waived_yen=waived, open_yen=still_open)
    assert states.reading(charge) == reading


@pytest.mark.parametrize(("total", "inside"), [(1100, 100), (1000, 90), (1, 0), (110_000, 10_000)])
def test_ten_percent_inside_a_sum_is_rounded_down_once(total: int, inside: int) -> None:
    share = tax.shares([("standard", total)])[0]
    assert (share.total_yen, share.tax_yen) == (total, inside)


def test_tax_is_rounded_per_rate_and_not_per_line() -> None:
    assert tax.shares([("standard", 105), ("standard", 105)])[0].tax_yen == 19


def test_an_administrative_fee_carries_no_tax() -> None:
    assert tax.shares([("non_taxable", 300)])[0].tax_yen == 0


def test_an_unknown_tax_class_is_refused() -> None:
    with pytest.raises(InvalidInput):
        tax.tax_class("luxury")


def test_a_plug_is_found_by_its_name(tmp_path: Path) -> None:
    assert catalogue.build("payment", "counter", ground(tmp_path)).name == "counter"
    assert catalogue.build("payment", "sandbox", ground(tmp_path)).name == "sandbox"


def test_an_unknown_plug_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(catalogue.UnknownPlug) as caught:
        catalogue.build("payment", "gold", ground(tmp_path))
    assert "stripe" in str(caught.value)


def test_off_is_no_plug(tmp_path: Path) -> None:
    assert catalogue.build("payment", "off", ground(tmp_path)) is None


def test_a_local_currency_is_a_method_of_the_desk_when_it_has_a_name(tmp_path: Path) -> None:
    desk = catalogue.build("payment", "counter", ground(tmp_path, local_currency="ミラペイ"))
    assert isinstance(desk, CounterPayment)
    assert "local" in desk.methods


def test_stripe_is_built_from_its_options_with_a_managers_account(tmp_path: Path) -> None:
    options = {
        "stripe_key": "sk_test_city",
        "stripe_webhook_secret": "whsec_city",
        "payees": "mihon-sports",
        "stripe_key_mihon_sports": "sk_test_sports",
        "stripe_webhook_secret_mihon_sports": "whsec_sports",
        "stripe_methods": "card,paypay",
    }
    plug = catalogue.build("payment", "stripe", ground(tmp_path, **options))
    assert plug.methods == ("card", "paypay")
