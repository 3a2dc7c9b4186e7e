from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.fakes import hall
from tests.fakes.hall import MAY
from webapp import clock
from webapp.audit import SYSTEM
from webapp.booking import cancel, paying
from webapp.booking.change import Changed, change, preview
from webapp.booking.confirm import Confirmed, confirm
from webapp.booking.details import Details, describe
from webapp.booking.errors import NotAllowed, Taken
from webapp.booking.facility import Facilities
from webapp.booking.hold import hold
from webapp.booking.models import Booking, Counter
from webapp.booking.remind import remind_tomorrow
from webapp.booking.times import instant
from webapp.booking.wish import wish_of
from webapp.errors import IllegalStep
from webapp.outbox.models import OutboxMessage
from webapp.payment import charges
from webapp.payment.models import Charge, PaymentAttempt, Refund
from webapp.payment.settle import Paid

pytestmark = pytest.mark.usefixtures("in_may")


@pytest.fixture
def gym() -> Facilities:
    return hall.facilities()


def confirmed(session: Session, gym: Facilities, room: str = "a", day: date = hall.FIRST) -> Confirmed:
    booking = hall.held(session, gym, room, day)
    return confirm(session, gym, booking.basket, contact=hall.CONTACT, actor=hall.RESIDENT)


def pay(session: Session, gym: Facilities, charge: Charge) -> None:
    assert paying.settled(session, gym, Paid(charge, hall.cash(session, charge), late=False))


def move(session: Session, gym: Facilities, booking: Booking, **changes: object) -> Changed:
    wish = replace(wish_of(booking), **changes)  # type: ignore[arg-type]  # a test names the fields it changes
    return change(session, gym, booking.token, wish, hall.person(), actor=hall.RESIDENT)


def test_a_dearer_room_claims_only_the_difference_on_the_same_charge(
    session: Session, gym: Facilities
) -> None:
    result = confirmed(session, gym)
    done = move(session, gym, result.bookings[0], room="whole")
    charge = done.charge
    assert charge is result.charge and charge is not None
    assert [line.amount_yen for line in charge.lines] == [2000, 2000]
    assert (charge.open_yen, done.booking.total_yen, done.booking.state) == (4000, 4000, "awaiting_payment")


def test_what_is_paid_stays_paid_and_the_rest_is_asked_for(session: Session, gym: Facilities) -> None:
    result = confirmed(session, gym)
    assert result.charge is not None
    pay(session, gym, result.charge)
    done = move(session, gym, result.bookings[0], room="whole")
    assert (done.difference.to_pay_yen, result.charge.open_yen, done.booking.state) == (
        2000,
        2000,
        "confirmed",
    )
    assert result.charge.pay_before is None and result.charge.due_on == date(2026, 5, 16)
    pay(session, gym, result.charge)
    assert (done.booking.paid_yen, done.booking.state) == (4000, "confirmed")


def test_a_cheaper_use_that_is_not_paid_yet_lowers_the_claim(session: Session, gym: Facilities) -> None:
    result = confirmed(session, gym, "whole")
    done = move(session, gym, result.bookings[0], room="a")
    assert result.charge is not None
    assert (done.difference.dropped_yen, result.charge.open_yen) == (2000, 2000)
    assert list(session.scalars(select(Refund))) == []


@pytest.mark.parametrize("day, refund", [(3, 2000), (4, 1000), (9, 0)])
def test_of_what_is_paid_the_tier_returns_its_share(
    session: Session, gym: Facilities, day: int, refund: int
) -> None:
    result = confirmed(session, gym, "whole")
    assert result.charge is not None
    pay(session, gym, result.charge)
    with clock.frozen(datetime(2026, 6, day, 12, tzinfo=clock.TOKYO)):
        done = move(session, gym, result.bookings[0], room="a")
    assert done.difference.refund_yen == refund
    assert sum(row.amount_yen for row in session.scalars(select(Refund))) == refund
    assert done.booking.paid_yen == done.booking.total_yen == 2000


def test_a_printed_share_for_changes_stands_before_the_tiers(session: Session) -> None:
    rule = {**hall.HALL["cancellation"][0], "change_refund": "0"}
    gym = hall.facilities(cancellation=[rule])
    result = confirmed(session, gym, "whole")
    assert result.charge is not None
    pay(session, gym, result.charge)
    done = move(session, gym, result.bookings[0], room="a")
    assert done.difference.refund is not None
    assert (done.difference.refund_yen, done.difference.refund.share) == (0, Fraction(0))


def test_when_the_city_asks_for_the_change_all_of_it_is_returned(session: Session, gym: Facilities) -> None:
    result = confirmed(session, gym, "whole")
    assert result.charge is not None
    pay(session, gym, result.charge)
    booking = result.bookings[0]
    wish = replace(wish_of(booking), room="a")
    with clock.frozen(datetime(2026, 6, 9, 12, tzinfo=clock.TOKYO)):
        staff = replace(hall.person(), staff=True)
        done = change(session, gym, booking.token, wish, staff, actor=hall.OFFICER, our_fault=True)
    assert done.difference.refund_yen == 2000


def test_the_preview_is_what_the_change_does(session: Session, gym: Facilities) -> None:
    result = confirmed(session, gym)
    booking = result.bookings[0]
    wish = replace(wish_of(booking), bands=("am", "pm"))
    shown = preview(session, gym, booking, wish, hall.person())
    assert (shown.before_yen, shown.after_yen, booking.total_yen) == (2000, 4500, 2000)
    done = change(session, gym, booking.token, wish, hall.person(), actor=hall.RESIDENT, expected=shown)
    assert done.difference == shown
    with pytest.raises(NotAllowed, match="price_changed"):
        change(session, gym, booking.token, wish, hall.person(), actor=hall.RESIDENT, expected=shown)


def test_a_free_use_moved_to_a_priced_one_opens_a_charge(session: Session, gym: Facilities) -> None:
    visit = hold(session, gym, hall.wish("visit", start=600, persons=5), hall.person())
    describe(session, gym, visit.token, Details(persons=5))
    result = confirm(session, gym, visit.basket, contact=hall.CONTACT, actor=hall.RESIDENT)
    assert result.charge is None
    done = move(session, gym, visit, room="a", bands=("pm",))
    assert done.charge is not None and (done.charge.open_yen, done.booking.state) == (2500, "confirmed")
    assert [row.used for row in session.scalars(select(Counter))] == [0]


def test_a_change_to_a_free_use_confirms_what_waited_for_money(session: Session, gym: Facilities) -> None:
    result = confirmed(session, gym)
    done = move(session, gym, result.bookings[0], room="visit", start=600, bands=())
    assert (done.booking.state, done.booking.total_yen) == ("confirmed", 0)
    assert result.case.status == "confirmed"


def test_equipment_is_added_at_its_price_and_kept_within_its_stock(session: Session, gym: Facilities) -> None:
    booking = confirmed(session, gym).bookings[0]
    with pytest.raises(Taken):
        move(session, gym, booking, extras={"board": 3})
    assert (booking.extras, booking.total_yen) == ({}, 2000)
    done = move(session, gym, booking, extras={"board": 2})
    assert done.difference.to_pay_yen == 600
    assert {row.used for row in session.scalars(select(Counter))} == {2}


def test_more_people_than_the_new_room_holds_are_refused(session: Session, gym: Facilities) -> None:
    booking = confirmed(session, gym, "whole").bookings[0]
    move(session, gym, booking, persons=60)
    with pytest.raises(NotAllowed, match="capacity"):
        move(session, gym, booking, room="a")


def test_the_day_to_pay_follows_the_day_of_use(session: Session, gym: Facilities) -> None:
    result = confirmed(session, gym)
    done = move(session, gym, result.bookings[0], use_on=date(2026, 5, 13))
    assert done.booking.pay_by == instant(date(2026, 5, 13), 540)
    assert result.charge is not None
    assert (result.charge.pay_before, result.charge.due_on) == (done.booking.pay_by, date(2026, 5, 13))


def test_a_change_waits_for_a_payment_under_way(session: Session, gym: Facilities) -> None:
    result = confirmed(session, gym)
    assert result.charge is not None
    result.charge.attempts.append(
        PaymentAttempt(
            key="k",
            provider="card",
            account="city",
            amount_yen=2000,
            methods=[],
            request={},
            status="started",
            created_at=MAY,
            expires_at=MAY + timedelta(hours=1),
        )
    )
    session.flush()
    with pytest.raises(NotAllowed, match="payment_under_way"):
        move(session, gym, result.bookings[0], room="whole")
    assert move(session, gym, result.bookings[0], room="b").difference.to_pay_yen == 0


def test_what_needs_approval_is_not_moved_by_the_resident(session: Session) -> None:
    gym = hall.facilities(approval=True)
    result = confirmed(session, gym)
    booking = result.bookings[0]
    assert move(session, gym, booking, room="b").booking.state == "applied"
    booking.state = "confirmed"
    with pytest.raises(NotAllowed, match="approval"):
        move(session, gym, booking, room="a")


def test_the_limit_counts_the_changed_booking_once(session: Session) -> None:
    gym = hall.facilities(limits={"per_month": 1})
    booking = confirmed(session, gym).bookings[0]
    assert move(session, gym, booking, use_on=date(2026, 6, 11)).booking.use_on == date(2026, 6, 11)


def test_the_person_is_told_of_the_change_and_the_difference(session: Session, gym: Facilities) -> None:
    move(session, gym, confirmed(session, gym).bookings[0], room="whole")
    session.flush()
    payload = list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))[-1].payload
    assert payload["event"] == "booking_changed"
    assert payload["data"]["amount_yen"] == 4000
    assert payload["data"]["next"]["ja"] == "差額の2,000円をお支払いください。"


def test_a_reminder_that_still_waits_is_not_sent_for_a_booking_that_is_gone(
    session: Session, gym: Facilities
) -> None:
    booking = confirmed(session, gym, day=hall.FIRST).bookings[0]
    pay(session, gym, session.scalars(select(Charge)).one())
    with clock.frozen(instant(booking.use_on - timedelta(days=1), 9 * 60)):
        assert remind_tomorrow(session, gym) == 1
        cancel.cancel(session, gym, booking.token, actor=SYSTEM, our_fault=True)
    query = select(OutboxMessage).where(OutboxMessage.dedupe_key.startswith("booking:"))
    rows = {row.dedupe_key.split(":")[1]: row.status for row in session.scalars(query)}
    assert (rows["booking_reminder"], rows["booking_cancelled"]) == ("superseded", "queued")


def test_a_booking_moved_after_its_reminder_is_reminded_of_again(session: Session, gym: Facilities) -> None:
    booking = confirmed(session, gym, day=hall.FIRST).bookings[0]
    pay(session, gym, session.scalars(select(Charge)).one())
    with clock.frozen(instant(hall.FIRST - timedelta(days=1), 9 * 60)):
        assert remind_tomorrow(session, gym) == 1
        change(
            session, gym, booking.token, replace(wish_of(booking), use_on=hall.FIRST + timedelta(days=1)),
            hall.person(), actor=SYSTEM, our_fault=True,
        )  # fmt: skip
    with clock.frozen(instant(hall.FIRST, 9 * 60)):
        assert (remind_tomorrow(session, gym), remind_tomorrow(session, gym)) == (1, 0)


def test_cancelling_with_a_difference_unpaid_returns_what_was_paid(session: Session, gym: Facilities) -> None:
    result = confirmed(session, gym)
    assert result.charge is not None
    pay(session, gym, result.charge)
    done = move(session, gym, result.bookings[0], room="whole")
    cancel.cancel(session, gym, done.booking.token, actor=SYSTEM, our_fault=True)
    assert result.charge.open_yen == -2000
    assert [row.amount_yen for row in session.scalars(select(Refund))] == [2000]


def test_money_for_a_case_of_which_one_day_was_cancelled_confirms_the_others(
    session: Session, gym: Facilities
) -> None:
    first = hall.held(session, gym, "a")
    second = hold(session, gym, hall.wish("b"), hall.person(), basket=first.basket)
    describe(session, gym, second.token, Details(persons=5))
    result = confirm(session, gym, first.basket, contact=hall.CONTACT, actor=hall.RESIDENT)
    assert result.charge is not None
    cancel.cancel(session, gym, first.token, actor=hall.RESIDENT)
    charge = charges.lock(session, result.charge.id)
    assert charge.open_yen == 2000
    pay(session, gym, charge)
    assert (first.state, second.state) == ("cancelled", "confirmed")


def test_a_booking_that_ended_is_not_changed(session: Session, gym: Facilities) -> None:
    booking = confirmed(session, gym).bookings[0]
    cancel.cancel(session, gym, booking.token, actor=hall.RESIDENT)
    with pytest.raises(IllegalStep):
        move(session, gym, booking, room="b")
