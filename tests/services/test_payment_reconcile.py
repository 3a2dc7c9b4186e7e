"""What was lost is found, what lapsed is ended, and the desk's money counts on the same ledger."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.payment_world import ADDRESSES, STAFF, World
from webapp import clock
from webapp.db import Database
from webapp.errors import IllegalStep, InvalidInput
from webapp.payment import (
    attempts,
    charges,
    desk,
    give_back,
    ledger,
    reconcile,
    refunds,
    report,
    worklist,
)
from webapp.payment.charges import Line


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)


def run(world: World) -> reconcile.Report:
    return reconcile.run(world.database.transaction, world.ports, world.handlers, everything=True)


def receive(world: World, charge: object, method: str = "cash", **options: object) -> None:
    with world.database.transaction() as session:
        desk.receive(
            session,
            charge,
            port=world.desk,
            method=method,
            till="窓口1",
            actor=STAFF,
            handlers=world.handlers,
            **options,
        )  # type: ignore[arg-type]


def test_money_whose_event_was_lost_is_found(world: World) -> None:
    charge = world.charge()
    attempt = world.pay_page(charge)
    world.lost = True
    world.sandbox.pay(str(attempt.provider_id), "card")
    assert world.fresh(charge).status == "open"
    assert run(world).settled == 1
    after = world.fresh(charge)
    assert (after.status, after.settlements[0].found_by) == ("paid", "reconciliation")


def test_running_twice_changes_nothing_more(world: World) -> None:
    charge = world.paid()
    run(world)
    assert run(world).settled == 0
    assert len(world.fresh(charge).settlements) == 1


def test_an_attempt_without_an_answer_is_asked_for_again_with_its_key(world: World) -> None:
    charge = world.charge()
    with world.database.transaction() as session:
        begun = attempts.begin(session, charge, provider="sandbox", methods=("card",), addresses=ADDRESSES)
    started = world.sandbox.start(begun.order)
    world.lost = True
    world.sandbox.pay(started.provider_id, "card")
    run(world)
    assert world.fresh(charge).status == "paid"


def test_late_konbini_money_whose_event_was_lost_is_found_too(world: World) -> None:
    world.given = False
    charge = world.charge(purpose="booking")
    attempt = world.pay_page(charge)
    world.sandbox.take_slip(str(attempt.provider_id))
    world.sandbox.expire(str(attempt.provider_id))
    with world.database.transaction() as session:
        charges.cancel(session, charge, reason="期限", actor=STAFF)
    world.lost = True
    world.sandbox.pay(str(attempt.provider_id), "konbini")
    run(world)
    assert [refund.cause for refund in world.fresh(charge).refunds] == ["late"]


def test_a_hold_that_is_over_ends_its_page_first_and_then_its_claim(world: World) -> None:
    charge = world.charge(purpose="booking", pay_before=clock.now() + timedelta(minutes=15))
    attempt = world.pay_page(charge)
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        run(world)
        assert world.sandbox.fetch(str(attempt.provider_id)).status == "expired"
    assert world.fresh(charge).status == "lapsed"
    assert ("lapsed", charge.id) in world.heard


def test_a_running_slip_keeps_a_held_claim_alive(world: World) -> None:
    soon = clock.now() + timedelta(minutes=15)
    charge = world.charge(purpose="booking", pay_before=soon, konbini_until=clock.today() + timedelta(days=3))
    world.sandbox.take_slip(str(world.pay_page(charge).provider_id))
    with clock.frozen(clock.now() + timedelta(minutes=30)):
        run(world)
    assert world.fresh(charge).status == "pending"


def test_a_refund_that_was_never_sent_is_sent(world: World) -> None:
    charge = world.paid(1000)
    with world.database.transaction() as session:
        refunds.propose(session, charge, 1000, cause="late", rule=refunds.Rule("期限後"), actor=STAFF)
    assert run(world).refunds == 1
    assert world.fresh(charge).status == "refunded"


def test_payouts_are_noted_with_their_fee(world: World) -> None:
    charge = world.paid(10_000)
    today = clock.today()
    noted = reconcile.record_payouts(
        world.database.transaction, world.ports, ["city"], today, today + timedelta(days=10)
    )
    entry = world.fresh(charge).settlements[0]
    assert (noted, entry.fee_yen, entry.paid_out_on) == (1, 360, today + timedelta(days=5))


def test_cash_at_the_desk_settles_once(world: World) -> None:
    charge = world.charge()
    receive(world, charge)
    with pytest.raises(IllegalStep):
        receive(world, charge)
    after = world.fresh(charge)
    assert (after.status, after.settlements[0].channel, after.settlements[0].till) == (
        "paid",
        "counter",
        "窓口1",
    )


def test_a_terminal_needs_its_reference(world: World) -> None:
    charge = world.charge()
    with pytest.raises(InvalidInput) as caught:
        receive(world, charge, "pos")
    assert caught.value.field == "terminal_reference"
    receive(world, charge, "pos", terminal_reference="A-1")
    assert world.fresh(charge).settlements[0].method == "pos"


def test_the_desk_takes_nothing_while_a_slip_is_out(world: World) -> None:
    charge = world.charge()
    world.sandbox.take_slip(str(world.pay_page(charge).provider_id))
    with pytest.raises(IllegalStep) as caught:
        receive(world, charge)
    assert caught.value.state == "online"


def test_the_daily_close_adds_up_to_the_drawer(world: World) -> None:
    first, second = world.charge(300), world.charge(700)
    receive(world, first)
    receive(world, second)
    receive(world, world.charge(500), "pos", terminal_reference="A-1")
    with world.database.transaction() as session:
        made = refunds.propose(session, first, 300, cause="other", rule=refunds.Rule("誤り"), actor=STAFF)
        give_back.handed_over(session, made[0], world.handlers, actor=STAFF, till="窓口1")
    with world.database.reading() as session:
        (close,) = report.daily_closes(session, clock.today())
    assert (close.till, close.cash_yen, close.total_yen) == ("窓口1", 700, 1200)
    assert (len(close.settlements), len(close.handed_back)) == (3, 1)


def test_the_report_divides_a_payment_by_its_revenue_items_to_the_yen(world: World) -> None:
    lines = [
        Line({"ja": "会議室"}, 1000, revenue_item="使用料"),
        Line({"ja": "写し"}, 333, revenue_item="手数料"),
    ]
    world.paid(0, lines=lines, payee="mihon-bunka", facility="bunka")
    today = clock.today()
    with world.database.reading() as session:
        rows = report.revenue(session, today, today + timedelta(days=1))
    assert {row.revenue_item: row.settled_yen for row in rows} == {"使用料": 1000, "手数料": 333}
    assert {(row.payee, row.facility) for row in rows} == {("mihon-bunka", "bunka")}


def test_payouts_are_reported_by_day_and_payee_and_what_is_missing_is_shown(world: World) -> None:
    with clock.frozen(datetime(2026, 11, 20, 10)):
        world.paid(10_000, payee="mihon-bunka", facility="bunka")
        today, later = clock.today(), clock.today() + timedelta(days=10)
        receive(world, world.charge(400))
        with world.database.reading() as session:
            assert [row.paid_out_on for row in report.payouts(session, today, later)] == [None]
        reconcile.record_payouts(world.database.transaction, world.ports, ["mihon-bunka"], today, later)
        world.paid(500)
    with world.database.reading() as session:
        rows = report.payouts(session, today, later)
    assert [(row.paid_out_on, row.payee, row.gross_yen, row.fee_yen, row.net_yen) for row in rows] == [
        (date(2026, 11, 25), "mihon-bunka", 10_000, 360, 9_640),
        (None, "city", 500, 18, 482),
    ]


def test_reports_keep_to_the_officers_reach(world: World) -> None:
    world.paid(300, department="citizen")
    world.paid(700, facility="bunka")
    receive(world, world.charge(400, department="tax"))
    mine = worklist.Reach(False, facilities=frozenset({"bunka"}))
    today = clock.today()
    with world.database.reading() as session:
        rows = report.revenue(session, today, today + timedelta(days=1), mine)
        assert [row.settled_yen for row in rows] == [700]
        assert report.daily_closes(session, today, mine) == []


def test_the_cashless_share_counts_the_counter_and_everything(world: World) -> None:
    with clock.frozen(datetime(2026, 11, 20, 10)):
        receive(world, world.charge())
        receive(world, world.charge(), "pos", terminal_reference="A-1")
        world.paid()
        with world.database.reading() as session:
            share = report.cashless_share(session, 2026)
    assert (share.desk_per_mille, share.all_per_mille, share.target_percent) == (500, 666, 20)


def test_the_worklist_shows_only_what_the_officer_may_see(world: World) -> None:
    charge = world.paid(9000, department="citizen")
    with world.database.transaction() as session:
        refunds.propose(session, charge, 9000, cause="other", rule=refunds.Rule("誤り"), actor=STAFF)
    with world.database.reading() as session:
        own = worklist.worklist(session, worklist.Reach(False, frozenset({"citizen"})))
        other = worklist.worklist(session, worklist.Reach(False, frozenset({"tax"})))
    assert (len(own.approvals), len(other.approvals)) == (1, 0)


def test_the_check_finds_a_balance_that_was_tampered_with(world: World) -> None:
    from sqlalchemy import text

    world.paid(1000)
    with world.database.transaction() as session:
        session.execute(text("UPDATE settlement SET amount_yen = 900"))
    with world.database.reading() as session:
        assert not ledger.check(session).sound
