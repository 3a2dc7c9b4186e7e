"""Use beyond the booked time: priced by the tariff, recorded once, claimed on a charge of its own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from integrations.payment.counter import CounterPayment
from tests.fakes import hall
from webapp import clock, wiring
from webapp.audit import AuditEntry
from webapp.booking import overtime
from webapp.booking.confirm import confirm
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facilities
from webapp.booking.models import Booking
from webapp.booking.overtime_models import Overtime
from webapp.casework import timeline
from webapp.casework.models import Case
from webapp.db import Database
from webapp.outbox.models import OutboxMessage
from webapp.payment import desk
from webapp.payment.models import Charge, PaymentAttempt

MAY = datetime(2026, 5, 11, 10, 0, tzinfo=clock.TOKYO)
NOON = datetime(2026, 6, 10, 12, 40, tzinfo=clock.TOKYO)


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


def gym(payment: dict[str, Any] | None = None, **table: Any) -> Facilities:
    rule = {"share": "3/10", "max_hours": 2, "citation": "別表備考3"}
    tariff = {**hall.HALL["tariffs"][0], "overtime": rule, **table}
    return hall.facilities(
        tariffs=[tariff], payment=payment or {"days_after": 5, "prepaid": False, "payee": "mihon-sports"}
    )


@pytest.fixture
def places() -> Facilities:
    return gym()


def used(session: Session, places: Facilities) -> Booking:
    """Half a gymnasium for 2,000 yen, confirmed in May and used on the morning of 10 June."""
    with clock.frozen(MAY):
        booking = hall.held(session, places)
        confirm(session, places, booking.basket, contact=hall.CONTACT, actor=hall.RESIDENT)
    return booking


def record(session: Session, places: Facilities, booking: Booking, minutes: int, yen: int) -> Overtime:
    return overtime.record(session, places, booking.token, minutes, actor=hall.OFFICER, expected_yen=yen)


def charge_of(session: Session, row: Overtime) -> Charge:
    return session.get_one(Charge, row.charge_id, populate_existing=True)


def refused(session: Session, places: Facilities, booking: Booking, minutes: int) -> NotAllowed:
    with pytest.raises(NotAllowed) as told:
        overtime.preview(session, places, booking, minutes)
    return told.value


def test_a_started_hour_is_claimed_on_a_charge_of_its_own(session: Session, places: Facilities) -> None:
    booking = used(session, places)
    row = record(session, places, booking, 40, 600)
    charge = charge_of(session, row)
    assert (charge.open_yen, charge.payee, charge.case_id) == (600, "mihon-sports", booking.case_id)
    assert charge.id != booking.charge_id and charge.due_on == date(2026, 6, 15)
    (line,) = charge.lines
    assert line.citation == "別表備考3" and "時間超過 40分" in line.label["ja"]
    assert row.quote["lines"][0]["steps"][0]["operation"] == "600円×1時間"
    assert row.quote["table_version"] == (booking.quote or {})["table_version"]
    assert booking.total_yen == 2000


def test_it_is_told_noted_and_audited(session: Session, places: Facilities) -> None:
    booking = used(session, places)
    record(session, places, booking, 40, 600)
    told = [m.payload for m in session.scalars(select(OutboxMessage)) if "event" in m.payload]
    (told_over,) = [one for one in told if one["event"] == "booking_overtime"]
    assert (told_over["data"]["count"], told_over["data"]["amount_yen"]) == ("40", 600)
    case = session.get_one(Case, booking.case_id)
    assert "overtime_recorded" in [event.event for event in timeline.of_case(session, case, public_only=True)]
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "booking.overtime"))
    assert (entry.details["minutes"], entry.details["yen"]) == (40, 600)


def test_the_same_again_changes_nothing(session: Session, places: Facilities) -> None:
    booking = used(session, places)
    first = record(session, places, booking, 40, 600)
    again = record(session, places, booking, 40, 600)
    assert again.times == first.times == 1
    assert charge_of(session, again).lines_yen == 600


def test_a_second_recording_claims_only_what_is_missing(session: Session, places: Facilities) -> None:
    booking = used(session, places)
    record(session, places, booking, 40, 600)
    row = record(session, places, booking, 90, 1200)
    charge = charge_of(session, row)
    assert [line.amount_yen for line in charge.lines] == [600, 600] and charge.open_yen == 1200
    assert len(list(session.scalars(select(Charge).where(Charge.purpose == overtime.PURPOSE)))) == 1


def test_a_second_recording_drops_what_is_too_much(session: Session, places: Facilities) -> None:
    booking = used(session, places)
    record(session, places, booking, 90, 1200)
    row = record(session, places, booking, 40, 600)
    charge = charge_of(session, row)
    assert (charge.open_yen, charge.waived_yen, charge.refunds) == (600, 600, [])
    told = [m.payload for m in session.scalars(select(OutboxMessage)) if "event" in m.payload]
    assert "訂正" in [one for one in told if one["event"] == "booking_overtime"][-1]["data"]["next"]["ja"]


def test_what_was_paid_too_much_is_proposed_as_a_refund(session: Session, places: Facilities) -> None:
    booking = used(session, places)
    hall.cash(session, charge_of(session, record(session, places, booking, 90, 1200)))
    row = record(session, places, booking, 0, 0)
    charge = charge_of(session, row)
    assert [refund.amount_yen for refund in charge.refunds] == [1200]
    assert (row.minutes, charge.open_yen) == (0, -1200)


def test_an_overtime_taken_back_may_be_recorded_anew(session: Session, places: Facilities) -> None:
    booking = used(session, places)
    record(session, places, booking, 40, 600)
    record(session, places, booking, 0, 0)
    assert charge_of(session, record(session, places, booking, 90, 1200)).open_yen == 1200


def test_the_database_keeps_no_second_row_of_a_booking(session: Session, places: Facilities) -> None:
    booking = used(session, places)
    row = record(session, places, booking, 40, 600)
    twin = {"booking_id": booking.id, "minutes": 40, "yen": 600, "quote": {}, "times": 1}
    point = session.begin_nested()
    with pytest.raises(IntegrityError):
        session.execute(insert(Overtime).values(**twin, recorded_at=clock.now(), recorded_by="staff:9"))
    point.rollback()
    assert charge_of(session, row).open_yen == 600


def test_two_officers_at_once_leave_one_row_one_charge_and_one_amount(database: Database) -> None:
    places = gym()
    with database.transaction() as session:
        token = used(session, places).token

    def officer(minutes: int, yen: int) -> None:
        with clock.frozen(NOON), database.transaction() as session:
            overtime.record(session, places, token, minutes, actor=hall.OFFICER, expected_yen=yen)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(officer, *wanted) for wanted in ((40, 600), (90, 1200))]:
            done.result(timeout=20)
    with database.reading() as session:
        row = session.scalars(select(Overtime)).one()
        charge = session.scalars(select(Charge).where(Charge.purpose == overtime.PURPOSE)).one()
        assert (row.times, row.charge_id, charge.open_yen) == (2, charge.id, row.yen)


def test_money_for_it_is_never_too_late_and_leads_to_no_refund(session: Session, places: Facilities) -> None:
    booking = used(session, places)
    charge = charge_of(session, record(session, places, booking, 40, 600))
    with clock.frozen(NOON + timedelta(days=40)):
        done = desk.receive(
            session, charge, port=CounterPayment(clock.now), method="cash", till="1", actor=hall.OFFICER,
            handlers=wiring.settle_handlers(places),
        )  # fmt: skip
    assert (done.outcome, done.refund_due, charge.open_yen) == ("settled", False, 0)
    assert booking.state == "confirmed" and booking.paid_yen == 0


def test_nothing_is_corrected_while_a_payment_is_under_way(session: Session, places: Facilities) -> None:
    booking = used(session, places)
    charge = charge_of(session, record(session, places, booking, 40, 600))
    charge.attempts.append(
        PaymentAttempt(
            key="slip", provider="konbini", account="city", amount_yen=600, methods=[], request={},
            status="pending", created_at=NOON, expires_at=NOON + timedelta(days=3),
        )
    )  # fmt: skip
    session.flush()
    with pytest.raises(NotAllowed) as told:
        record(session, places, booking, 90, 1200)
    assert told.value.rule == "payment_under_way"


def test_more_than_the_table_allows_is_refused_with_its_limit(session: Session, places: Facilities) -> None:
    told = refused(session, places, used(session, places), 121)
    assert told.rule == "too_long" and "2時間まで" in (told.say or "") and "120分" in (told.say or "")


def test_a_table_without_overtime_is_named(session: Session) -> None:
    places = gym(overtime=None)
    told = refused(session, places, used(session, places), 40)
    assert told.rule == "no_overtime" and "時間超過の料金がありません" in (told.say or "")


def test_a_use_that_has_not_begun_or_nobody_came_to_has_no_overtime(
    session: Session, places: Facilities
) -> None:
    booking = used(session, places)
    with clock.frozen(booking.starts_at - timedelta(minutes=1)):
        assert refused(session, places, booking, 40).rule == "not_begun"
    booking.attended = False
    assert refused(session, places, booking, 40).rule == "absent"
    assert not overtime.may_record(booking)


@pytest.mark.parametrize("minutes", [-1, 0, 1441])
def test_minutes_are_those_of_a_day(session: Session, places: Facilities, minutes: int) -> None:
    assert refused(session, places, used(session, places), minutes).rule == "minutes"


def test_another_amount_than_was_shown_is_not_claimed(session: Session, places: Facilities) -> None:
    booking = used(session, places)
    with pytest.raises(NotAllowed) as told:
        record(session, places, booking, 40, 500)
    assert told.value.rule == "price_changed" and overtime.of_booking(session, booking) is None


def test_the_rounding_of_the_total_counts_only_by_its_difference(session: Session) -> None:
    rows = [
        {"rooms": ["whole", "a", "b"], "yen": {"am": 2050, "pm": 2050, "ev": 2050}},
        {"rooms": ["visit"], "per": "person", "yen": 0},
    ]
    places = gym(rows=rows, rounding=[{"mode": "floor", "unit": 100, "stage": "total"}])
    found = overtime.preview(session, places, used(session, places), 40)
    assert found.yen == 2600 - 2000
    assert sum(line["amount_yen"] for line in found.quote["lines"]) == found.yen
