"""The time to pay: reminders once, the overdue named, the end by rule, and money that comes after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.casework_office import open_office
from tests.fakes import hall
from tests.fakes.payment_world import STAFF, World
from webapp import clock
from webapp.applications import fix_fee, paid
from webapp.booking import expire
from webapp.booking.confirm import confirm
from webapp.casework import timeline
from webapp.casework.models import Case
from webapp.city import PaymentRules
from webapp.db import Database
from webapp.outbox.models import OutboxMessage
from webapp.payment import charges, lapse, policy, telling
from webapp.payment.charges import Line
from webapp.payment.models import Charge

MORNING = datetime(2026, 11, 20, 9, 10)
DUE = date(2026, 11, 27)
LAPSES = date(2026, 12, 11)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[World]:
    with clock.frozen(MORNING):
        yield World(database, tmp_path)


def on(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, 10)


def owed(world: World, **options: Any) -> Charge:
    return world.charge(**({"due_on": DUE, "lapse_on": LAPSES} | options))


def run(world: World) -> lapse.Lapsed:
    return lapse.run(world.database.transaction, world.ports, world.handlers)


def told(session: Session) -> list[str]:
    return [
        message.payload["event"]
        for message in session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
    ]


def test_reminders_are_sent_before_and_after_the_day_and_each_once(world: World) -> None:
    owed(world)
    for days in range(-5, 10):
        with clock.frozen(on(DUE + timedelta(days=days))), world.database.transaction() as session:
            telling.remind_due(session)
            telling.remind_overdue(session)
    with world.database.reading() as session:
        assert told(session) == ["payment_reminder", "payment_overdue"]


def test_what_was_asked_for_today_is_not_reminded_of_today(world: World) -> None:
    owed(world, due_on=date(2026, 11, 21))
    with world.database.transaction() as session:
        assert telling.remind_due(session) == 0


def test_an_overdue_fee_is_named_so_and_can_still_be_paid(world: World) -> None:
    charge = owed(world)
    with clock.frozen(on(DUE)):
        run(world)
        assert world.fresh(charge).status == "open"
    with clock.frozen(on(DUE + timedelta(days=1))):
        assert run(world).ended == 0
        assert world.fresh(charge).status == "overdue"
        world.sandbox.pay(str(world.pay_page(charge).provider_id), "card")
    assert world.fresh(charge).status == "paid"


def test_after_the_days_of_grace_the_page_and_the_claim_end(world: World) -> None:
    charge = owed(world)
    with clock.frozen(on(LAPSES)):
        attempt = world.pay_page(charge)
        assert run(world).ended == 0
    with clock.frozen(on(LAPSES + timedelta(days=1))):
        assert run(world).ended == 1
        assert run(world).ended == 0
        assert world.sandbox.fetch(str(attempt.provider_id)).status == "expired"
    after = world.fresh(charge)
    assert (after.status, after.open_yen, after.waived_yen) == ("lapsed", 0, 300)
    assert world.heard.count(("lapsed", charge.id)) == 1


def test_a_running_slip_keeps_the_claim_until_it_is_over(world: World) -> None:
    charge = owed(world, due_on=None, lapse_on=date(2026, 11, 22))
    attempt = world.pay_page(charge)
    world.sandbox.take_slip(str(attempt.provider_id))
    until = world.fresh(charge).attempts[0].pending_until
    assert until is not None
    with clock.frozen(clock.tokyo(until) - timedelta(minutes=1)):
        assert run(world).ended == 0
    with clock.frozen(clock.tokyo(until) + timedelta(minutes=1)):
        assert run(world).ended == 1


@pytest.mark.parametrize("options", [{"lapse_on": None}, {"blocked": "exemption"}])
def test_without_a_rule_or_under_examination_nothing_lapses(world: World, options: dict[str, Any]) -> None:
    charge = owed(world, **options)
    with clock.frozen(on(date(2027, 3, 1))):
        assert run(world).ended == 0
    assert world.fresh(charge).cancelled_at is None


def test_a_difference_to_a_fee_that_was_paid_is_left_to_staff(world: World) -> None:
    charge = world.paid(300, due_on=DUE, lapse_on=LAPSES)
    with world.database.transaction() as session:
        charges.add_lines(session, charge, [Line({"ja": "追加"}, 200)], actor=STAFF)
    with clock.frozen(on(LAPSES + timedelta(days=1))):
        assert run(world).ended == 0
        assert world.fresh(charge).status == "overdue"


def test_money_after_the_end_is_counted_again_when_the_purpose_can_still_give(world: World) -> None:
    charge = owed(world)
    attempt = world.pay_page(charge)
    world.sandbox.take_slip(str(attempt.provider_id))
    with clock.frozen(on(LAPSES + timedelta(days=1))):
        run(world)
        assert world.fresh(charge).status == "lapsed"
        world.sandbox.pay(str(attempt.provider_id), "konbini")
    after = world.fresh(charge)
    assert (after.status, after.lapsed_at, after.open_yen) == ("paid", None, 0)


def test_an_application_whose_fee_lapses_comes_before_staff_who_may_ask_again(
    database: Database, tmp_path: Path
) -> None:
    with clock.frozen(MORNING):
        office = open_office(database, tmp_path)
        with database.transaction() as session:
            case = office.submitted(session).case
            lines = [Line({"ja": "手数料"}, 300)]
            charge = fix_fee.fix_fee(session, case, lines, DUE, STAFF)
            assert charge.lapse_on == LAPSES
    handlers = {"application_fee": paid.HANDLERS}
    with clock.frozen(on(LAPSES + timedelta(days=1))):
        assert lapse.run(database.transaction, {}, handlers).ended == 1
        with database.transaction() as session:
            case = session.get_one(Case, case.id)
            events = [event.event for event in timeline.of_case(session, case, public_only=True)]
            assert (case.news, events[-1]) == ("arrived", "charge_lapsed")
            assert "payment_lapsed" in told(session)
            assert fix_fee.fix_fee(session, case, lines, date(2026, 12, 25), STAFF).open_yen == 300


@pytest.mark.parametrize(("lapses", "state"), [(True, "lapsed"), (False, "overdue")])
def test_a_booking_lapses_only_where_its_facility_says_so(world: World, lapses: bool, state: str) -> None:
    places = hall.facilities(payment={"days_after": 5, "lapse": lapses})
    with world.database.transaction() as session:
        basket = hall.held(session, places, "a", date(2026, 12, 15)).basket
        made = confirm(session, places, basket, contact=hall.CONTACT, actor=hall.RESIDENT)
        assert made.charge is not None
    with clock.frozen(on(date(2026, 11, 27))):
        run(world)
        with world.database.transaction() as session:
            assert expire.lapse_unpaid(session, places) == lapses
    assert world.fresh(made.charge).status == state


def test_a_city_may_let_nothing_lapse() -> None:
    assert PaymentRules(lapse_days_after=None).lapse_on(DUE) is None
    assert policy.rules().lapse_on(DUE) == LAPSES
