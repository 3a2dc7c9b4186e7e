"""Refunds: the rule that applied, the second person, every way back, and never too much."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.fakes.payment_world import SECOND, STAFF, World
from webapp.city import PaymentRules
from webapp.db import Database
from webapp.errors import Forbidden, IllegalStep, InvalidInput, Unavailable
from webapp.payment import charges, give_back, ledger, parked, policy, reconcile, refunds
from webapp.payment.models import Charge, Refund
from webapp.ports.payment import RefundOrder, RefundTruth, Refused, Unreachable

RULE = refunds.Rule("利用の10日前までの取消し", "条例施行規則12条", "1,000円×50%")
BANK = {
    "bank_name": "みほん銀行",
    "bank_code": "0001",
    "branch_name": "本店",
    "branch_code": "001",
    "kind": "ordinary",
    "number": "1234567",
    "holder_kana": "ミホン　ハナコ",
}


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)


@pytest.fixture
def city_rules() -> Iterator[None]:
    """A city where a second person approves from 1,000 yen."""
    policy.use(PaymentRules(refund_approval_from_yen=1000))
    yield
    policy.use(PaymentRules())


def propose(world: World, charge: Charge, yen: int, **options: object) -> Refund:
    with world.database.transaction() as session:
        made = refunds.propose(session, charge, yen, cause="cancelled", rule=RULE, actor=STAFF, **options)  # type: ignore[arg-type]
    return made[0]


def fresh(world: World, refund: Refund) -> Refund:
    with world.database.reading() as session:
        return refunds.by_token(session, refund.token)


def send(world: World, refund: Refund) -> str:
    return give_back.send(world.database.transaction, world.ports, refund.id, world.handlers)


def sound(world: World) -> bool:
    with world.database.reading() as session:
        return ledger.check(session).sound


def test_a_part_refund_goes_back_by_card_and_the_ledger_balances(world: World) -> None:
    charge = world.paid(1000)
    refund = propose(world, charge, 500)
    assert world.fresh(charge).open_yen == -500
    assert send(world, refund) == "succeeded"
    after = world.fresh(charge)
    assert (after.refunded_yen, after.open_yen, after.status) == (500, 0, "partly_refunded")
    assert world.heard[-1] == ("refunded", 500)
    assert sound(world)


def test_part_then_rest_then_nothing_more(world: World) -> None:
    charge = world.paid(1000)
    send(world, propose(world, charge, 400))
    send(world, propose(world, charge, 600))
    assert world.fresh(charge).status == "refunded"
    with pytest.raises(InvalidInput):
        propose(world, charge, 1)
    assert sound(world)


def test_refunds_that_are_only_proposed_count_too(world: World) -> None:
    charge = world.paid(10_000)
    propose(world, charge, 6000)
    with pytest.raises(InvalidInput):
        propose(world, charge, 4001)


def test_the_database_refuses_more_refunds_than_the_payment(world: World) -> None:
    world.paid(1000)
    with pytest.raises(IntegrityError), world.database.transaction() as session:
        session.execute(text("UPDATE settlement SET refund_reserved_yen = 1001"))


def test_above_the_limit_a_second_person_approves(world: World) -> None:
    refund = propose(world, world.paid(9000), 5000)
    assert refund.status == "proposed"
    with pytest.raises(IllegalStep):
        send(world, refund)
    with pytest.raises(Forbidden), world.database.transaction() as session:
        refunds.approve(session, refund, actor=STAFF)
    with world.database.transaction() as session:
        refunds.approve(session, refund, actor=SECOND)
    assert send(world, refund) == "succeeded"


def test_the_limit_is_the_citys_and_parts_count_together(world: World, city_rules: None) -> None:
    charge = world.paid(9000)
    first, second = propose(world, charge, 600), propose(world, charge, 400)
    assert (first.status, second.status) == ("approved", "proposed")


def test_another_way_of_a_failed_refund_above_the_limit_is_approved_anew(world: World) -> None:
    refund = propose(world, world.paid(9000), 6000)
    with world.database.transaction() as session:
        refunds.approve(session, refund, actor=SECOND)
    fail(world, refund)
    with world.database.transaction() as session:
        refunds.retry(session, refund, method="cash", actor=SECOND)
    assert fresh(world, refund).status == "proposed"
    with pytest.raises(Forbidden), world.database.transaction() as session:
        refunds.approve(session, refund, actor=SECOND)
    with world.database.transaction() as session:
        refunds.approve(session, refund, actor=STAFF)
    assert fresh(world, refund).status == "approved"


def test_a_refund_that_comes_back_is_owed_again_and_waits_for_a_person(world: World) -> None:
    charge = world.paid(1000)
    refund = propose(world, charge, 400)
    assert send(world, refund) == "succeeded"
    world.sandbox.return_refund(str(fresh(world, refund).provider_refund_id))
    after = world.fresh(charge)
    assert (after.refunded_yen, after.open_yen, after.status) == (0, -400, "overpaid")
    assert (fresh(world, refund).status, fresh(world, refund).failure) == ("failed", "account_closed")
    assert sound(world)
    with world.database.transaction() as session:
        refunds.retry(session, refund, method="cash", actor=STAFF)
        give_back.handed_over(session, refund, world.handlers, actor=STAFF, till="窓口1")
    assert (world.fresh(charge).refunded_yen, sound(world)) == (400, True)


def test_a_returned_refund_whose_event_was_lost_is_found(world: World) -> None:
    refund = propose(world, world.paid(1000), 400)
    send(world, refund)
    world.lost = True
    world.sandbox.return_refund(str(fresh(world, refund).provider_refund_id))
    found = [
        reconcile.watch_refunds(world.database.transaction, world.ports, world.handlers) for _ in range(2)
    ]
    assert found == [1, 0]
    assert fresh(world, refund).status == "failed"


def test_the_database_refuses_one_person_in_both_roles(world: World) -> None:
    propose(world, world.paid(9000), 5000)
    with pytest.raises(IntegrityError), world.database.transaction() as session:
        session.execute(text("UPDATE refund SET approved_by = proposed_by"))


def test_a_refund_sent_twice_is_given_once(world: World) -> None:
    charge = world.paid(1000)
    refund = propose(world, charge, 500)
    send(world, refund)
    with pytest.raises(IllegalStep):
        send(world, refund)
    assert (
        sum(entry.amount_yen for entry in world.sandbox.fetch(str(charge.attempts[0].provider_id)).refunds)
        == 500
    )


def test_a_crash_after_the_provider_gave_it_back_is_repaired_with_the_same_key(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    charge = world.paid(1000)
    refund = propose(world, charge, 500)
    real = world.sandbox.refund

    def lost(order: RefundOrder) -> RefundTruth:
        real(order)
        raise Unreachable("the answer was lost")

    with monkeypatch.context() as broken:
        broken.setattr(world.sandbox, "refund", lost)
        with pytest.raises(Unavailable):
            send(world, refund)
    assert fresh(world, refund).status == "sent"
    assert give_back.look(world.database.transaction, world.ports, refund.id, world.handlers) == "succeeded"
    assert len(world.sandbox.fetch(str(charge.attempts[0].provider_id)).refunds) == 1


def test_a_konbini_refund_waits_for_bank_details_and_then_ends(world: World) -> None:
    charge = world.paid(1000, "konbini")
    refund = propose(world, charge, 1000)
    assert send(world, refund) == "waiting"
    world.sandbox.give_bank_details(str(fresh(world, refund).provider_refund_id))
    assert fresh(world, refund).status == "succeeded"
    assert sound(world)


def test_a_konbini_refund_nobody_answers_goes_another_way(world: World) -> None:
    charge = world.paid(1000, "konbini")
    refund = propose(world, charge, 1000)
    send(world, refund)
    call_off = (world.database.transaction, world.ports, refund.id, world.handlers)
    assert give_back.call_off(*call_off) == "failed"
    with pytest.raises(IllegalStep):
        give_back.call_off(*call_off)
    with world.database.transaction() as session:
        refunds.retry(session, refund, method="cash", actor=STAFF)
        give_back.handed_over(session, refund, world.handlers, actor=STAFF, till="窓口1")
    assert (world.fresh(charge).refunded_yen, sound(world)) == (1000, True)


def test_a_refund_called_off_too_late_has_gone_back(world: World) -> None:
    charge = world.paid(1000, "konbini")
    refund = propose(world, charge, 1000)
    send(world, refund)
    world.lost = True
    world.sandbox.give_bank_details(str(fresh(world, refund).provider_refund_id))
    made = give_back.call_off(world.database.transaction, world.ports, refund.id, world.handlers)
    assert (made, world.fresh(charge).refunded_yen) == ("succeeded", 1000)


def test_a_transfer_keeps_the_account_until_it_is_sent_and_not_longer(world: World) -> None:
    charge = world.paid(1000, "konbini")
    refund = propose(world, charge, 1000, method="bank")
    with world.database.transaction() as session:
        give_back.give_bank_details(session, refund, BANK)
    assert fresh(world, refund).bank == BANK
    with world.database.transaction() as session:
        give_back.transferred(session, refund, world.handlers, actor=SECOND)
    after = fresh(world, refund)
    assert (after.status, after.bank, after.bank_deleted_at is not None) == ("succeeded", None, True)
    assert sound(world)


@pytest.mark.parametrize(
    ("field", "value"),
    [("bank_code", "12"), ("number", "12345678"), ("holder_kana", "見本 花子"), ("kind", "gold")],
)
def test_an_account_that_cannot_be_right_is_sent_back_with_its_field(
    world: World, field: str, value: str
) -> None:
    refund = propose(world, world.paid(1000), 1000, method="bank")
    with pytest.raises(InvalidInput) as caught, world.database.transaction() as session:
        give_back.give_bank_details(session, refund, BANK | {field: value})
    assert caught.value.field == field


def fail(world: World, refund: Refund) -> None:
    """The provider refuses to give this refund back."""

    def no(order: RefundOrder) -> RefundTruth:
        raise Refused("card closed")

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(world.sandbox, "refund", no)
        assert send(world, refund) == "failed"


def test_a_failed_refund_is_tried_in_another_way(world: World) -> None:
    refund = propose(world, world.paid(1000), 1000)
    fail(world, refund)
    with world.database.transaction() as session:
        refunds.retry(session, refund, method="cash", actor=STAFF)
    with world.database.transaction() as session:
        give_back.handed_over(session, refund, world.handlers, actor=STAFF, till="窓口1")
    assert fresh(world, refund).status == "succeeded"
    assert sound(world)


def test_a_withdrawn_refund_frees_what_it_reserved(world: World) -> None:
    charge = world.paid(1000)
    refund = propose(world, charge, 1000)
    with world.database.transaction() as session:
        refunds.withdraw(session, refund, reason="誤り", actor=STAFF)
    assert propose(world, charge, 1000).amount_yen == 1000
    assert sound(world)


def test_an_exemption_after_payment_is_proposed_once_for_what_is_owed(world: World) -> None:
    charge = world.paid(1000)
    with world.database.transaction() as session:
        charges.waive(session, charge, 300, reason="減免", actor=STAFF)
        made = refunds.propose_owed(session, charge, cause="waived", rule=RULE, actor=STAFF)
        again = refunds.propose_owed(session, charge, cause="waived", rule=RULE, actor=STAFF)
    assert ([entry.amount_yen for entry in made], again) == ([300], [])
    send(world, made[0])
    assert world.fresh(charge).open_yen == 0
    assert sound(world)


def test_parked_money_goes_back_without_moving_the_charge(world: World) -> None:
    charge = world.charge()
    slip = world.pay_page(charge)
    world.sandbox.take_slip(str(slip.provider_id))
    world.sandbox.expire(str(slip.provider_id))
    world.sandbox.pay(str(world.pay_page(charge).provider_id), "card")
    world.sandbox.pay(str(slip.provider_id), "konbini")
    surplus = next(entry for entry in world.fresh(charge).settlements if entry.state == "parked")
    with world.database.transaction() as session:
        made = parked.give_back(session, session.merge(surplus), reason="二重払い", actor=STAFF)
    send(world, made[0])
    world.sandbox.give_bank_details(str(fresh(world, made[0]).provider_refund_id))
    after = world.fresh(charge)
    assert (after.settled_yen, after.refunded_yen, after.open_yen) == (300, 0, 0)
    assert sound(world)
