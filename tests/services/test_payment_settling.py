"""From a charge to money in the ledger, and every way that can go wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from integrations.payment import sandbox_events
from tests.fakes.payment_world import ADDRESSES, STAFF, World, open_charge
from webapp import clock
from webapp.db import Database
from webapp.errors import IllegalStep, InvalidInput, Unavailable
from webapp.payment import attempts, charges, ledger, settle, steps
from webapp.payment.charges import Line
from webapp.payment.models import PaymentAttempt, ProviderEvent, Settlement
from webapp.ports.payment import Order, Started, Unreachable


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)


def sound(world: World) -> bool:
    with world.database.reading() as session:
        return ledger.check(session).sound


def test_a_card_payment_settles_the_charge_and_tells_its_purpose(world: World) -> None:
    charge = world.paid(3420)
    assert (charge.status, charge.open_yen, charge.settled_yen) == ("paid", 0, 3420)
    assert world.heard == [("settled", False)]
    assert sound(world)


def test_two_starts_of_one_charge_end_at_the_same_page(world: World) -> None:
    charge = world.charge()
    first, second = world.pay_page(charge), world.pay_page(charge)
    assert first.redirect_url == second.redirect_url
    assert len(world.fresh(charge).attempts) == 1


def test_the_database_refuses_a_second_open_attempt(world: World) -> None:
    charge = world.charge()
    world.pay_page(charge)
    with pytest.raises(IntegrityError), world.database.transaction() as session:
        row = session.scalars(select(PaymentAttempt)).one()
        session.add(
            PaymentAttempt(
                charge_id=charge.id,
                key="k2",
                provider="sandbox",
                account="city",
                amount_yen=300,
                methods=[],
                request={},
                status="created",
                expires_at=row.expires_at,
                created_at=row.created_at,
            )
        )


def test_the_database_refuses_money_above_the_lines(world: World) -> None:
    charge = world.charge()
    with pytest.raises(IntegrityError), world.database.transaction() as session:
        session.execute(
            text("UPDATE charge SET settled_yen = 301, open_yen = -1 WHERE id = :id"), {"id": charge.id}
        )


def test_a_crash_between_start_and_store_leads_to_the_same_provider_payment(world: World) -> None:
    charge = world.charge()
    with world.database.transaction() as session:
        begun = attempts.begin(session, charge, provider="sandbox", methods=("card",), addresses=ADDRESSES)
    lost = world.sandbox.start(begun.order)
    attempt = world.pay_page(charge)
    assert attempt.provider_id == lost.provider_id


def test_money_paid_before_the_id_was_stored_is_found_by_our_key(world: World) -> None:
    charge = world.charge()
    with world.database.transaction() as session:
        begun = attempts.begin(session, charge, provider="sandbox", methods=("card",), addresses=ADDRESSES)
    started = world.sandbox.start(begun.order)
    world.sandbox.pay(started.provider_id, "card")
    assert world.fresh(charge).status == "paid"


def test_an_unreachable_provider_leaves_the_attempt_to_be_repeated_with_its_key(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    charge = world.charge()

    def down(order: Order) -> Started:
        raise Unreachable("down")

    with monkeypatch.context() as broken:
        broken.setattr(world.sandbox, "start", down)
        with pytest.raises(Unavailable):
            world.pay_page(charge)
    key = world.fresh(charge).attempts[0].key
    assert world.pay_page(charge).key == key


def test_the_same_event_three_times_settles_once(world: World) -> None:
    charge = world.paid()
    event = world.sandbox.store.one("SELECT * FROM event")
    assert event is not None
    world.sandbox.send(event["id"])
    world.sandbox.send(event["id"])
    assert world.answers == ["settled", "repeated", "repeated"]
    assert len(world.fresh(charge).settlements) == 1
    with world.database.reading() as session:
        assert session.scalars(select(ProviderEvent)).one().times == 3


def test_a_failed_card_leaves_the_charge_open_for_another_try(world: World) -> None:
    charge = world.charge()
    first = world.pay_page(charge)
    world.sandbox.fail(str(first.provider_id))
    assert world.fresh(charge).status == "open"
    assert world.pay_page(charge).key != first.key


def test_a_konbini_slip_waits_and_is_paid_later(world: World) -> None:
    charge = world.charge()
    attempt = world.pay_page(charge)
    world.sandbox.take_slip(str(attempt.provider_id))
    waiting = world.fresh(charge)
    assert waiting.status == "pending"
    assert waiting.attempts[0].instructions["number"]
    assert world.heard[0][0] == "pending"
    world.sandbox.pay(str(attempt.provider_id), "konbini")
    assert world.fresh(charge).status == "paid"


def test_a_slip_ends_at_midnight_in_tokyo(world: World) -> None:
    with clock.frozen(datetime(2026, 11, 20, 23, 30)):
        attempt = world.pay_page(world.charge())
        world.sandbox.take_slip(str(attempt.provider_id))
        until = world.sandbox.fetch(str(attempt.provider_id)).pending_until
    assert until is not None
    assert clock.tokyo(until).isoformat() == "2026-11-27T23:59:59+09:00"


def test_money_after_the_claim_was_cancelled_restores_it_when_the_purpose_can_still_give(
    world: World,
) -> None:
    charge = world.charge(purpose="booking")
    attempt = world.pay_page(charge)
    world.sandbox.take_slip(str(attempt.provider_id))
    world.sandbox.expire(str(attempt.provider_id))
    with world.database.transaction() as session:
        charges.cancel(session, charge, reason="期限", actor=STAFF)
    world.sandbox.pay(str(attempt.provider_id), "konbini")
    after = world.fresh(charge)
    assert world.heard[-1] == ("settled", True)
    assert (after.status, after.open_yen, after.cancelled_at) == ("paid", 0, None)
    assert sound(world)


def test_money_after_the_claim_was_cancelled_becomes_a_refund_when_the_slot_is_gone(world: World) -> None:
    world.given = False
    charge = world.charge(purpose="booking")
    attempt = world.pay_page(charge)
    world.sandbox.take_slip(str(attempt.provider_id))
    with world.database.transaction() as session:
        charges.cancel(session, charge, reason="期限", actor=STAFF)
    world.sandbox.pay(str(attempt.provider_id), "konbini")
    after = world.fresh(charge)
    assert (after.status, after.open_yen) == ("overpaid", -300)
    assert [refund.cause for refund in after.refunds] == ["late"]
    assert sound(world)


def test_another_amount_is_parked_for_a_person_and_changes_no_balance(world: World) -> None:
    charge = world.charge()
    attempt = world.pay_page(charge)
    world.lost = True
    world.sandbox.pay(str(attempt.provider_id), "card")
    truth = replace(world.sandbox.fetch(str(attempt.provider_id)), amount_yen=30000)
    with world.database.transaction() as session:
        assert settle.settle(session, truth, world.handlers).outcome == "parked"
    after = world.fresh(charge)
    assert (after.settled_yen, after.settlements[0].parked_reason) == (0, "amount")
    assert world.heard == []
    assert sound(world)


@pytest.mark.parametrize(
    ("change", "reason"), [({"currency": "usd"}, "currency"), ({"reference": "x"}, "reference")]
)
def test_money_that_is_not_ours_is_parked(world: World, change: dict[str, str], reason: str) -> None:
    charge = world.charge()
    attempt = world.pay_page(charge)
    world.lost = True
    world.sandbox.pay(str(attempt.provider_id), "card")
    truth = replace(world.sandbox.fetch(str(attempt.provider_id)), **change)
    with world.database.transaction() as session:
        settle.settle(session, truth, world.handlers)
        assert session.scalars(select(Settlement)).one().parked_reason == reason
    assert world.fresh(charge).settled_yen == 0


def test_a_second_payment_of_a_paid_charge_is_parked_as_surplus(world: World) -> None:
    charge = world.charge()
    attempt = world.pay_page(charge)
    world.sandbox.take_slip(str(attempt.provider_id))
    steps.end(world.database.transaction, world.ports, world.fresh(charge).attempts[0], world.handlers)
    second = world.pay_page(charge)
    world.sandbox.pay(str(second.provider_id), "card")
    world.sandbox.pay(str(attempt.provider_id), "konbini")
    after = world.fresh(charge)
    assert [entry.parked_reason for entry in after.settlements] == [None, "surplus"]
    assert sound(world)


def test_a_changed_amount_ends_the_old_page_before_a_new_one_opens(world: World) -> None:
    charge = world.charge(300)
    first = world.pay_page(charge)
    with world.database.transaction() as session:
        charges.add_lines(session, charge, [Line({"ja": "追加"}, 200)], actor=STAFF)
    second = world.pay_page(charge)
    assert (second.amount_yen, world.sandbox.fetch(str(first.provider_id)).status) == (500, "expired")


def test_only_the_difference_is_paid_after_a_correction(world: World) -> None:
    charge = world.paid(300)
    with world.database.transaction() as session:
        charges.add_lines(session, charge, [Line({"ja": "追加"}, 200)], actor=STAFF)
    attempt = world.pay_page(charge)
    assert attempt.amount_yen == 200
    world.sandbox.pay(str(attempt.provider_id), "paypay")
    assert world.fresh(charge).status == "paid"
    assert sound(world)


def test_an_exemption_after_payment_is_owed_back(world: World) -> None:
    charge = world.paid(1000)
    with world.database.transaction() as session:
        charges.waive(session, charge, 400, reason="減免", actor=STAFF, citation="条例10条")
    assert (world.fresh(charge).open_yen, world.fresh(charge).status) == (-400, "overpaid")
    assert sound(world)


def test_an_exemption_cannot_exceed_the_claim(world: World) -> None:
    charge = world.charge(1000)
    with pytest.raises(InvalidInput), world.database.transaction() as session:
        charges.waive(session, charge, 1001, reason="減免", actor=STAFF)


def test_a_blocked_charge_cannot_be_paid_until_it_is_opened(world: World) -> None:
    charge = world.charge(blocked="exemption")
    with pytest.raises(IllegalStep):
        world.pay_page(charge)
    with world.database.transaction() as session:
        charges.block(session, charge, None, actor=STAFF)
    assert world.pay_page(charge).status == "started"


def test_a_hold_that_is_over_cannot_be_paid(world: World) -> None:
    charge = world.charge(pay_before=clock.now() - timedelta(seconds=1))
    with pytest.raises(IllegalStep) as caught:
        world.pay_page(charge)
    assert caught.value.state == "late"


def test_konbini_is_not_offered_for_a_hold_without_a_rule_for_it(world: World) -> None:
    charge = world.charge(pay_before=clock.now() + timedelta(minutes=15))
    assert world.pay_page(charge).methods == ["card", "paypay"]


@pytest.mark.parametrize(("yen", "offered"), [(1, True), (299_999, True), (300_000, False)])
def test_konbini_takes_less_than_300000_yen(world: World, yen: int, offered: bool) -> None:
    assert ("konbini" in world.pay_page(world.charge(yen)).methods) is offered


def test_only_whole_yen_are_charged(world: World) -> None:
    with pytest.raises(InvalidInput), world.database.transaction() as session:
        open_charge(session, 300.0)  # type: ignore[arg-type]


def test_a_free_charge_is_waived_at_once(world: World) -> None:
    charge = world.charge(0)
    assert (charge.open_yen, charge.status) == (0, "waived")


def _event(world: World, **change: object) -> tuple[bytes, dict[str, str]]:
    attempt = world.pay_page(world.charge())
    body = {
        "id": "se_1",
        "kind": "payment.paid",
        "payment": attempt.provider_id,
        "created": 1,
        "account": "city",
    }
    raw = json.dumps(body | change).encode()
    return raw, sandbox_events.signed(raw, "test", int(clock.now().timestamp()))


def test_a_forged_event_changes_nothing_and_leaves_a_record(world: World) -> None:
    raw, _ = _event(world)
    headers = sandbox_events.signed(raw, "wrong", int(clock.now().timestamp()))
    assert [world.take(raw, headers), world.take(raw, headers), world.take(raw, {})] == ["forged"] * 3
    with world.database.reading() as session:
        event = session.scalars(select(ProviderEvent)).one()
        assert (event.verdict, event.times, event.raw) == ("forged", 3, raw)


def test_a_stale_event_changes_nothing_and_leaves_a_record(world: World) -> None:
    raw, _ = _event(world)
    headers = sandbox_events.signed(raw, "test", int((clock.now() - timedelta(hours=1)).timestamp()))
    assert world.take(raw, headers) == "stale"


def test_a_malformed_event_changes_nothing_and_leaves_a_record(world: World) -> None:
    raw = b"{not json"
    assert world.take(raw, sandbox_events.signed(raw, "test", int(clock.now().timestamp()))) == "malformed"


def test_an_event_that_claims_payment_is_not_believed(world: World) -> None:
    raw, headers = _event(world)
    assert world.take(raw, headers) == "open"
    with world.database.reading() as session:
        assert session.scalars(select(Settlement)).all() == []


def test_an_event_about_nothing_we_know_is_kept_and_answered(world: World) -> None:
    raw, headers = _event(world, payment="sp_nobody")
    assert world.take(raw, headers) == "not known there"


def test_the_day_of_payment_is_the_payers_act_and_decides_the_fiscal_year(world: World) -> None:
    charge = world.charge()
    attempt = world.pay_page(charge)
    world.lost = True
    with clock.frozen(datetime(2027, 3, 31, 23, 50)):
        world.sandbox.move(
            str(attempt.provider_id), ("open",), "paid", method="card", paid_at=clock.now().isoformat()
        )
    with clock.frozen(datetime(2027, 4, 1, 0, 10)):
        steps.look(world.database.transaction, world.ports, attempt, world.handlers)
    entry = world.fresh(charge).settlements[0]
    assert (entry.paid_on.isoformat(), entry.fiscal_year) == ("2027-03-31", 2026)
    assert entry.recorded_at.astimezone(UTC) > entry.paid_at
