"""Receipts to the yen: mixed tax classes, exemptions, part payments, corrections, refunds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.payment_world import STAFF, World
from webapp.city import load_city
from webapp.db import Database
from webapp.errors import NotFound
from webapp.payment import charges, papers, parked, parts, receipts, refunds, settle
from webapp.payment.charges import Line
from webapp.payment.models import Charge, Settlement
from webapp.payment.receipts import Issuer
from webapp.settings import ROOT

HALL = Issuer("みほん文化振興財団", registration_number="T0000000000001")
MIXED = [
    Line({"ja": "会議室"}, 1000, tax_class="standard", revenue_item="利用料金"),
    Line({"ja": "弁当"}, 540, tax_class="reduced", revenue_item="利用料金"),
    Line({"ja": "証明"}, 300, tax_class="exempt", revenue_item="手数料"),
]


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)


def shares(receipt: receipts.Receipt) -> dict[str, tuple[int, int]]:
    return {share.tax.key: (share.total_yen, share.tax_yen) for share in receipt.shares}


def partly(world: World, charge: Charge, yen: int) -> Settlement:
    """Money of another amount comes in, is parked, and counted by a person."""
    attempt = world.pay_page(charge)
    world.lost = True
    world.sandbox.pay(str(attempt.provider_id), "card")
    world.lost = False
    truth = replace(world.sandbox.fetch(str(attempt.provider_id)), amount_yen=yen)
    with world.database.transaction() as session:
        settlement = settle.settle(session, truth, world.handlers).settlement
        assert settlement is not None
        parked.count(session, settlement, world.handlers, actor=STAFF)
    return settlement


def test_a_receipt_over_three_classes_names_each_with_its_tax_once(world: World) -> None:
    receipt = receipts.receipt_of(world.paid(lines=MIXED), HALL)
    assert shares(receipt) == {"standard": (1000, 90), "reduced": (540, 40), "exempt": (300, 0)}
    assert [line.label for line in receipt.lines if line.reduced] == ["弁当"]
    assert receipt.issuer.registration_number == "T0000000000001"


def test_tax_is_rounded_once_for_a_rate_on_one_receipt(world: World) -> None:
    lines = [Line({"ja": f"室{number}"}, 105, tax_class="standard") for number in range(3)]
    assert shares(receipts.receipt_of(world.paid(lines=lines), HALL)) == {"standard": (315, 28)}


def test_two_part_payments_divide_the_classes_and_add_up(world: World) -> None:
    charge = world.charge(lines=MIXED)
    first = partly(world, charge, 921)
    world.sandbox.pay(str(world.pay_page(charge).provider_id), "card")
    after = world.fresh(charge)
    one = receipts.receipt_of(after, HALL, next(s for s in after.settlements if s.id == first.id))
    two = receipts.receipt_of(after, HALL)
    assert (one.total_yen, two.total_yen) == (921, 919)
    assert {key: yen for key, (yen, _) in shares(one).items()} == {
        "standard": 501, "reduced": 270, "exempt": 150,
    }  # fmt: skip
    assert {key: yen + shares(one)[key][0] for key, (yen, _) in shares(two).items()} == {
        "standard": 1000, "reduced": 540, "exempt": 300,
    }  # fmt: skip
    assert all(line.label.endswith("（一部）") for line in one.lines)


def test_an_exemption_before_payment_weighs_on_all_lines(world: World) -> None:
    charge = world.charge(lines=MIXED)
    with world.database.transaction() as session:
        charges.waive(session, charge, 920, reason="減免", actor=STAFF)
    world.sandbox.pay(str(world.pay_page(charge).provider_id), "card")
    receipt = receipts.receipt_of(world.fresh(charge), HALL)
    assert shares(receipt) == {"standard": (500, 45), "reduced": (270, 20), "exempt": (150, 0)}


def test_after_a_correction_each_payment_has_a_receipt_of_its_own_lines(world: World) -> None:
    charge = world.paid(lines=MIXED[:1])
    with world.database.transaction() as session:
        charges.add_lines(session, charge, [MIXED[2]], actor=STAFF)
    world.sandbox.pay(str(world.pay_page(charge).provider_id), "paypay")
    after = world.fresh(charge)
    first, second = receipts.applied(after)
    assert [line.label for line in receipts.receipt_of(after, HALL, first).lines] == ["会議室"]
    assert [line.label for line in receipts.receipt_of(after, HALL, second).lines] == ["証明"]
    assert receipts.numbered(after, receipts.number_of(first)) is first
    with pytest.raises(NotFound):
        receipts.numbered(after, "R2026-9999999")


def test_a_part_refund_leaves_the_receipt_and_tells_its_own_tax_in_the_letter(world: World) -> None:
    charge = world.paid(lines=MIXED, payee="mihon-bunka")
    before = receipts.receipt_of(charge, HALL)
    with world.database.transaction() as session:
        refund = refunds.propose(
            session, charge, 920, cause="cancelled", rule=refunds.Rule("半額", "条例12条"), actor=STAFF
        )[0]
        letter: dict[str, Any] = papers.refund_data(refund, city=load_city(ROOT / "demo"))
    assert [row["text"] for row in letter["shares"]] == [
        "500円（うち消費税等 45円）",
        "270円（うち消費税等 20円）",
        "150円",
    ]
    assert {"label": "登録番号", "text": "T0000000000001"} in letter["issuer"]
    assert receipts.receipt_of(world.fresh(charge), HALL) == before


def test_a_request_to_pay_shows_what_was_waived(world: World) -> None:
    charge = world.charge(lines=MIXED)
    with world.database.transaction() as session:
        charges.waive(session, charge, 100, reason="減免", actor=STAFF)
    data = papers.request_data(world.fresh(charge), city=load_city(ROOT / "demo"))
    assert data["total"] == "1,740円"
    assert {"label": "減免", "text": "−100円"} in data["rows"]


@given(
    st.integers(min_value=0, max_value=10**7),
    st.dictionaries(st.integers(), st.integers(min_value=0, max_value=10**6), min_size=1, max_size=8),
)
def test_a_divided_sum_adds_up_and_no_part_exceeds_its_weight(total: int, weights: dict[int, int]) -> None:
    made = parts.divide(total, weights)
    assert sum(made.values()) == total
    if total <= sum(weights.values()):
        assert all(made[key] <= weight for key, weight in weights.items())
