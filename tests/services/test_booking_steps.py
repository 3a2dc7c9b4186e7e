from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.fakes import hall
from tests.fakes.hall import MAY
from webapp import clock
from webapp.audit import SYSTEM, AuditEntry
from webapp.booking import approve, availability, cancel, change, close, counter, expire, paying, series
from webapp.booking.confirm import Confirmed, confirm
from webapp.booking.details import Details, describe
from webapp.booking.errors import HoldOver, NotAllowed, OverLimit, Taken
from webapp.booking.facility import Facilities
from webapp.booking.hold import extend, hold, release
from webapp.booking.models import Booking, Counter, Occupancy
from webapp.booking.times import instant
from webapp.calendar.business import days_between
from webapp.casework import timeline
from webapp.casework.models import Case
from webapp.errors import IllegalStep
from webapp.outbox.models import OutboxMessage
from webapp.payment.models import Charge, Settlement
from webapp.payment.settle import Paid

pytestmark = pytest.mark.usefixtures("in_may")


@pytest.fixture
def gym() -> Facilities:
    return hall.facilities()


def confirmed(session: Session, gym: Facilities, room: str = "a", day: date = hall.FIRST) -> Confirmed:
    booking = hall.held(session, gym, room, day)
    return confirm(session, gym, booking.basket, contact=hall.CONTACT, actor=hall.RESIDENT)


def pay(session: Session, gym: Facilities, result: Confirmed, *, late: bool = False) -> bool:
    charge = result.charge
    assert charge is not None
    if not late:
        charge.settled_yen, charge.open_yen = charge.lines_yen, 0
    return paying.settled(session, gym, Paid(charge, Settlement(), late))


def rows(session: Session) -> int:
    session.flush()
    return session.scalar(select(func.count()).select_from(Occupancy)) or 0


def events(session: Session) -> list[str]:
    session.flush()
    return [
        str(row.payload["event"]) for row in session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
    ]


def test_a_confirmed_booking_holds_in_memory_what_was_written(session: Session, gym: Facilities) -> None:
    booking = confirmed(session, gym).bookings[0]
    names = Booking.__table__.c.keys()
    before = {name: getattr(booking, name) for name in names}
    assert not session.dirty
    session.expire(booking)
    assert before == {name: getattr(booking, name) for name in names}


def test_a_hold_after_one_that_was_rolled_back_is_its_own(session: Session, gym: Facilities) -> None:
    point = session.begin_nested()
    gone = hold(session, gym, hall.wish(), hall.person())
    point.rollback()
    kept = hold(session, gym, hall.wish(), hall.person())
    assert kept is not gone
    assert session.get(Booking, kept.id) is kept


def test_choosing_holds_the_slot_at_once_and_names_the_part_to_the_next(
    session: Session, gym: Facilities
) -> None:
    hold(session, gym, hall.wish("a"), hall.person(1))
    with pytest.raises(Taken) as refused:
        hold(session, gym, hall.wish("whole"), hall.person(2))
    assert [conflict.part for conflict in refused.value.conflicts] == ["a"]
    hold(session, gym, hall.wish("b"), hall.person(2))


def test_a_hold_that_ran_out_gives_way_without_waiting_for_the_worker(
    session: Session, gym: Facilities
) -> None:
    first = hold(session, gym, hall.wish("whole"), hall.person(1))
    with clock.frozen(MAY + timedelta(minutes=15)):
        hold(session, gym, hall.wish("a"), hall.person(2))
    session.refresh(first)
    assert first.state == "expired"
    assert rows(session) == 1


def test_a_hold_lengthens_once(session: Session, gym: Facilities) -> None:
    booking = hold(session, gym, hall.wish(), hall.person())
    extend(session, booking.token)
    with pytest.raises(NotAllowed):
        extend(session, booking.token)
    assert booking.expires_at == MAY + timedelta(minutes=25)


def test_confirming_opens_one_case_and_one_charge_and_waits_for_money(
    session: Session, gym: Facilities
) -> None:
    result = confirmed(session, gym)
    assert (result.state, result.case.kind, result.case.status) == ("awaiting_payment", "booking", "received")
    assert result.charge is not None and result.charge.lines_yen == 2000
    assert result.bookings[0].pay_by == instant(date(2026, 5, 16), 24 * 60)
    assert events(session) == ["booking_held"]


def test_money_confirms_and_tells(session: Session, gym: Facilities) -> None:
    result = confirmed(session, gym)
    assert pay(session, gym, result)
    assert result.bookings[0].state == "confirmed"
    assert result.case.status == "confirmed"
    assert events(session)[-1] == "booking_confirmed"


def test_confirming_twice_is_an_illegal_step(session: Session, gym: Facilities) -> None:
    result = confirmed(session, gym)
    with pytest.raises(IllegalStep):
        confirm(session, gym, result.bookings[0].basket, contact=hall.CONTACT, actor=hall.RESIDENT)
    assert session.scalar(select(func.count()).select_from(Case)) == 1


def test_a_hold_that_ran_out_cannot_be_confirmed(session: Session, gym: Facilities) -> None:
    booking = hall.held(session, gym)
    with clock.frozen(MAY + timedelta(minutes=16)), pytest.raises(HoldOver):
        confirm(session, gym, booking.basket, contact=hall.CONTACT, actor=hall.RESIDENT)
    assert session.scalar(select(func.count()).select_from(Charge)) == 0


def test_unpaid_bookings_lapse_and_their_slot_is_free(session: Session, gym: Facilities) -> None:
    result = confirmed(session, gym)
    with clock.frozen(MAY + timedelta(days=6)):
        assert expire.lapse_unpaid(session, gym) == 1
        assert expire.lapse_unpaid(session, gym) == 0
    assert result.bookings[0].state == "lapsed"
    assert rows(session) == 0
    assert result.case.status == "cancelled"


def test_late_money_takes_a_free_slot_again(session: Session, gym: Facilities) -> None:
    result = confirmed(session, gym)
    with clock.frozen(MAY + timedelta(days=6)):
        expire.lapse_unpaid(session, gym)
        assert pay(session, gym, result, late=True)
    assert result.bookings[0].state == "confirmed"
    assert rows(session) == 1


def test_late_money_for_a_slot_that_is_gone_makes_a_refund_due(session: Session, gym: Facilities) -> None:
    result = confirmed(session, gym)
    with clock.frozen(MAY + timedelta(days=6)):
        expire.lapse_unpaid(session, gym)
        hold(session, gym, hall.wish("whole"), hall.person(2))
        assert not pay(session, gym, result, late=True)
    assert result.bookings[0].state == "lapsed"


@pytest.mark.parametrize("day, refund", [(3, 2000), (4, 1000), (8, 1000), (9, 0)])
def test_cancelling_returns_what_the_tier_says(
    session: Session, gym: Facilities, day: int, refund: int
) -> None:
    result = confirmed(session, gym)
    pay(session, gym, result)
    with clock.frozen(datetime(2026, 6, day, 12, tzinfo=clock.TOKYO)):
        done = cancel.cancel(session, gym, result.bookings[0].token, actor=hall.RESIDENT)
    assert done.rule.refund_yen == refund
    assert rows(session) == 0
    assert result.case.status == "cancelled"


def test_a_tier_that_changed_meanwhile_asks_again(session: Session, gym: Facilities) -> None:
    result = confirmed(session, gym)
    pay(session, gym, result)
    with clock.frozen(datetime(2026, 6, 4, 0, 0, tzinfo=clock.TOKYO)), pytest.raises(NotAllowed):
        token = result.bookings[0].token
        cancel.cancel(session, gym, token, actor=hall.RESIDENT, expected_refund_yen=2000)


def test_a_series_names_the_conflict_and_stands_on_one_case(session: Session, gym: Facilities) -> None:
    confirmed(session, gym, "whole", date(2026, 6, 17))
    days = series.weekly(date(2026, 6, 10), date(2026, 6, 24))
    result = series.hold_series(session, gym, hall.wish("a"), days, hall.person(2))
    assert [(one.day, one.parts) for one in result.skipped] == [(date(2026, 6, 17), ("a",))]
    for booking in result.held:
        describe(session, gym, booking.token, Details(persons=5))
    done = confirm(session, gym, result.basket, contact=hall.CONTACT, actor=hall.RESIDENT)
    assert len(done.bookings) == 2 and done.charge is not None and done.charge.lines_yen == 4000


def test_six_days_in_a_row_are_refused_where_five_are_the_limit(session: Session, gym: Facilities) -> None:
    days = list(days_between(date(2026, 6, 8), date(2026, 6, 14)))
    result = series.hold_series(session, gym, hall.wish("a"), days, hall.person())
    assert (len(result.held), len(result.skipped)) == (5, 1)


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2026-06-09", "2026-09-30", ["2026-06-09", "2026-07-14", "2026-08-11", "2026-09-08"]),
        ("2026-06-30", "2026-10-31", ["2026-06-30", "2026-09-29"]),
        ("2026-12-01", "2027-01-04", ["2026-12-01"]),
    ],
)
def test_monthly_days_are_the_same_weekday_of_the_same_week(first: str, last: str, days: list[str]) -> None:
    found = series.monthly(date.fromisoformat(first), date.fromisoformat(last))
    assert [day.isoformat() for day in found] == days


def test_an_officer_is_shown_every_limit_at_once_and_the_trail_keeps_which(session: Session) -> None:
    gym = hall.facilities(limits={"per_month": 1, "active": 1, "citation": "規則8条"})
    told = counter.AtCounter(
        Details(persons=5, facts=dict(hall.person().facts)), {**hall.CONTACT, "tel": "0773"}, "counter"
    )
    counter.book_for(session, gym, hall.wish(), told, actor=hall.OFFICER)
    later = hall.wish("a", date(2026, 6, 12))
    with pytest.raises(OverLimit) as refused:
        counter.book_for(session, gym, later, told, actor=hall.OFFICER)
    assert [one.rule for one in refused.value.broken] == ["per_month", "active"]
    assert (refused.value.say or "").endswith("(規則8条)")
    done, _ = counter.book_for(session, gym, later, replace(told, beyond="雨の振替"), actor=hall.OFFICER)
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "booking.beyond_limit"))
    assert (entry.details, entry.case_id) == ({"rules": ["per_month", "active"]}, done.case.id)
    (event,) = [
        e for e in timeline.of_case(session, done.case, public_only=False) if e.event == "limit_passed"
    ]
    assert (event.data, event.public) == ({"reason": "雨の振替"}, False)


def test_a_weekly_series_that_the_hall_forbids_is_passed_only_with_a_reason(session: Session) -> None:
    gym = hall.facilities(limits={"weekly_series": False})
    told = counter.AtCounter(
        Details(persons=5, facts=dict(hall.person().facts)), {**hall.CONTACT, "tel": "0773"}, "counter"
    )
    days = series.weekly(date(2026, 6, 10), date(2026, 6, 24))
    with pytest.raises(OverLimit):
        counter.book_for(session, gym, hall.wish(), told, actor=hall.OFFICER, days=days)
    done, _ = counter.book_for(
        session, gym, hall.wish(), replace(told, beyond="学校の授業"), actor=hall.OFFICER, days=days
    )
    assert [one.why("limits") for one in done.bookings] == ["weekly"] * 3


@pytest.mark.parametrize(
    "limits, rule",
    [
        ({"per_month": 2}, "per_month"),
        ({"bands_per_month": 2}, "bands_per_month"),
        ({"active": 2}, "active"),
        ({"cancellations": 1, "cancellations_days": 30}, "cancellations"),
    ],
)
def test_a_person_reaches_the_limit_of_the_hall_and_nobody_else_does(
    session: Session, limits: dict[str, int], rule: str
) -> None:
    gym = hall.facilities(limits=limits)
    for day in (1, 2):
        booking = hall.held(session, gym, "a", date(2026, 6, day))
    if rule == "cancellations":
        confirm(session, gym, booking.basket, contact=hall.CONTACT, actor=hall.RESIDENT)
        cancel.cancel(session, gym, booking.token, actor=hall.RESIDENT)
    with pytest.raises(NotAllowed) as refused:
        hold(session, gym, hall.wish("a", date(2026, 6, 3)), hall.person())
    assert refused.value.rule == rule
    hold(session, gym, hall.wish("a", date(2026, 6, 3)), hall.person(2))
    if rule in ("per_month", "bands_per_month"):
        hold(session, gym, hall.wish("a", date(2026, 7, 1)), hall.person())


def test_a_night_takes_the_morning_after_from_nobody_else_twice(session: Session) -> None:
    bands = [
        *hall.HALL["bands"]["three"][:1],
        {"key": "night", "name": "宿泊", "start": "18:00", "end": "10:00"},
    ]
    rows = [{"rooms": ["a"], "yen": {"am": 2000, "night": 8000}}]
    table = {**hall.HALL["tariffs"][0], "rows": rows, "extras": []}
    room = {**hall.HALL["rooms"][1], "part_of": None}
    gym = hall.facilities(bands={"three": bands}, rooms=[room], tariffs=[table])
    night = hall.held(session, gym, "a", hall.FIRST, "night")
    assert (night.ends_at, night.total_yen) == (instant(hall.FIRST, 34 * 60), 8000)
    with pytest.raises(Taken):
        hold(session, gym, hall.wish("a", hall.FIRST + timedelta(days=1), "am"), hall.person(2))
    row = availability.grid(session, gym, gym.by_slug["gym"], [gym.by_slug["gym"].room("a")], hall.FIRST, 2)
    assert [[cell.state for cell in day.cells] for day in row[0].days] == [
        ["free", "taken"],
        ["taken", "free"],
    ]


def test_a_change_takes_the_new_slot_before_it_leaves_the_old(session: Session, gym: Facilities) -> None:
    mine = confirmed(session, gym).bookings[0]
    other = confirmed(session, gym, "b").bookings[0]
    with pytest.raises(Taken):
        change.change(session, gym, mine.token, hall.wish("b"), hall.person(), actor=hall.RESIDENT)
    assert (mine.room, rows(session)) == ("a", 2)
    assert other.state == "awaiting_payment"


def test_a_hold_grows_into_the_neighbouring_band_and_shrinks_again(session: Session, gym: Facilities) -> None:
    booking = hall.held(session, gym)
    change.change(
        session, gym, booking.token, hall.wish("whole", hall.FIRST, "am", "pm"), hall.person(), actor=SYSTEM
    )
    assert booking.total_yen == 9000
    change.change(session, gym, booking.token, hall.wish("a", hall.FIRST, "pm"), hall.person(), actor=SYSTEM)
    hold(session, gym, hall.wish("whole"), hall.person(2))
    with pytest.raises(Taken):
        hold(session, gym, hall.wish("whole", hall.FIRST, "pm"), hall.person(2))


def test_equipment_runs_out_and_comes_back(session: Session, gym: Facilities) -> None:
    one, two = hall.held(session, gym, "a", by=1), hall.held(session, gym, "b", by=2)
    describe(session, gym, one.token, Details(persons=5, extras={"board": 2}))
    with pytest.raises(Taken):
        describe(session, gym, two.token, Details(persons=5, extras={"board": 1}))
    release(session, gym, one.token)
    describe(session, gym, two.token, Details(persons=5, extras={"board": 1}))
    assert {row.used for row in session.scalars(select(Counter))} == {1}


def test_after_a_revision_stock_and_price_follow_the_table_of_the_day_of_use(session: Session) -> None:
    old: dict[str, Any] = dict(hall.HALL["tariffs"][0])
    new = {**old, "key": "new", "valid_from": "2026-06-10", "extras": [{**old["extras"][0], "stock": 1}]}
    gym = hall.facilities(tariffs=[{**old, "valid_to": "2026-06-09"}, new])
    board = Details(persons=5, extras={"board": 1})
    for room, day in (("a", hall.FIRST), ("a", hall.FIRST - timedelta(days=1))):
        booking = hold(session, gym, hall.wish(room, day), hall.person())
        describe(session, gym, booking.token, board)
    assert [(b.quote or {})["table_key"] for b in session.scalars(select(Booking).order_by(Booking.id))] == [
        "new",
        "table",
    ]
    late = hold(session, gym, hall.wish("b", hall.FIRST), hall.person(2))
    with pytest.raises(Taken):
        describe(session, gym, late.token, board)
    early = hold(session, gym, hall.wish("b", hall.FIRST - timedelta(days=1)), hall.person(2))
    describe(session, gym, early.token, board)


def test_a_closure_displaces_with_a_full_refund(session: Session, gym: Facilities) -> None:
    result = confirmed(session, gym)
    pay(session, gym, result)
    facility = gym.by_slug["gym"]
    start, end = instant(hall.FIRST, 0), instant(hall.FIRST, 24 * 60)
    with pytest.raises(Taken):
        close.close(
            session,
            gym,
            facility,
            ["whole"],
            start,
            end,
            kind="maintenance",
            reason="点検",
            actor=hall.OFFICER,
        )
    done = close.close(
        session,
        gym,
        facility,
        ["whole"],
        start,
        end,
        kind="public_use",
        reason="選挙",
        actor=hall.OFFICER,
        displace=True,
    )
    assert [b.state for b in done.displaced] == ["displaced"]
    assert result.bookings[0].refund is not None and result.bookings[0].refund["refund_yen"] == 2000
    with pytest.raises(Taken):
        hold(session, gym, hall.wish("b"), hall.person(3))
    close.reopen(session, gym, done.closure.id, hall.OFFICER)
    hold(session, gym, hall.wish("b"), hall.person(3))


def test_who_is_displaced_is_told_why_what_comes_back_and_where_to_go_instead(
    session: Session, gym: Facilities
) -> None:
    pay(session, gym, confirmed(session, gym))
    day = (instant(hall.FIRST, 0), instant(hall.FIRST, 24 * 60))
    told = {"kind": "public_use", "reason": "選挙の投票所", "actor": hall.OFFICER, "displace": True}
    close.close(session, gym, gym.by_slug["gym"], ["a"], *day, **told)
    session.flush()
    payload = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert payload is not None
    said = payload.payload["data"]
    assert (said["reason"], said["amount_yen"]) == ("選挙の投票所", 2000)
    assert "代わりに空いている" in said["next"]["ja"]


def test_a_closure_sees_the_cleaning_after_a_use(session: Session) -> None:
    rooms = [{**room, "buffer_minutes": 30} for room in hall.HALL["rooms"][:3]]
    gym = hall.facilities(rooms=[*rooms, hall.HALL["rooms"][3]])
    confirmed(session, gym)
    span = (instant(hall.FIRST, 12 * 60), instant(hall.FIRST, 13 * 60))
    told = {"kind": "maintenance", "reason": "点検", "actor": hall.OFFICER, "displace": True}
    assert len(close.close(session, gym, gym.by_slug["gym"], ["a"], *span, **told).displaced) == 1


def test_an_exemption_is_examined_before_money_is_asked(session: Session, gym: Facilities) -> None:
    booking = hall.held(session, gym)
    describe(
        session, gym, booking.token, Details(persons=5, exemption="cohost", exemption_reason="共催のため")
    )
    result = confirm(session, gym, booking.basket, contact=hall.CONTACT, actor=hall.RESIDENT)
    assert (result.state, result.charge) == ("applied", None)
    with pytest.raises(NotAllowed):
        approve.approve(session, gym, result.case.id, actor=hall.OFFICER)
    approve.decide_price(session, gym, booking, exemption=True, actor=hall.OFFICER)
    charge = approve.approve(session, gym, result.case.id, actor=hall.OFFICER)
    assert charge is not None and charge.lines_yen == 1000


def test_a_refusal_needs_reasons_and_frees_the_slot(session: Session, gym: Facilities) -> None:
    approving = hall.facilities(approval=True)
    result = confirmed(session, approving)
    with pytest.raises(NotAllowed):
        approve.refuse(session, approving, result.case.id, reasons=" ", actor=hall.OFFICER)
    approve.refuse(session, approving, result.case.id, reasons="目的外の使用のため", actor=hall.OFFICER)
    assert (result.bookings[0].state, result.case.status, rows(session)) == ("refused", "declined", 0)


@pytest.mark.parametrize(
    "at, reason",
    [
        (datetime(2026, 4, 1, 8, 59, 59), "too_early"),
        (datetime(2026, 6, 10, 9, 0), "past"),
    ],
)
def test_outside_the_window_nothing_is_held(
    session: Session, gym: Facilities, at: datetime, reason: str
) -> None:
    with clock.frozen(at), pytest.raises(NotAllowed) as refused:
        hold(session, gym, hall.wish(), hall.person())
    assert refused.value.rule == reason


def test_at_nine_on_the_first_the_window_opens(session: Session, gym: Facilities) -> None:
    with clock.frozen(datetime(2026, 4, 1, 9, 0)):
        assert hold(session, gym, hall.wish(), hall.person()).state == "held"


def test_too_many_people_are_sent_to_a_larger_room(session: Session, gym: Facilities) -> None:
    with pytest.raises(NotAllowed, match="capacity"):
        hold(session, gym, hall.wish("a", persons=51), hall.person())


def test_a_session_counts_heads_and_closes(session: Session, gym: Facilities) -> None:
    visit = {"start": 600, "persons": 150}
    hold(session, gym, hall.wish("visit", hall.FIRST, **visit), hall.person(1))
    with pytest.raises(Taken):
        hold(session, gym, hall.wish("visit", hall.FIRST, **visit), hall.person(2))
    hold(session, gym, hall.wish("visit", hall.FIRST, start=600, persons=50), hall.person(2))


def test_expired_holds_are_swept(session: Session, gym: Facilities) -> None:
    hold(session, gym, hall.wish("whole"), hall.person())
    with clock.frozen(MAY + timedelta(minutes=15)):
        assert expire.expire_holds(session, gym) == 1
    assert session.scalars(select(Booking.state)).all() == ["expired"]
    assert rows(session) == 0


def test_the_grid_offers_only_what_a_window_by_the_hour_allows(session: Session) -> None:
    gym = hall.facilities(windows=[{"closes": {"hours_before": 48}}])
    with clock.frozen(datetime(2026, 6, 8, 12, 0, tzinfo=clock.TOKYO)):
        row = availability.grid(
            session, gym, gym.by_slug["gym"], [gym.by_slug["gym"].room("a")], hall.FIRST, 1
        )
        offered = {cell.key for cell in row[0].days[0].cells if cell.state == "free"}
        assert {cell.key: cell.state for cell in row[0].days[0].cells}["am"] == "too_late"
        for band in ("am", "pm", "ev"):
            if band in offered:
                hold(session, gym, hall.wish("a", hall.FIRST, band), hall.person())
                continue
            with pytest.raises(NotAllowed):
                hold(session, gym, hall.wish("a", hall.FIRST, band), hall.person())
    assert offered == {"pm", "ev"}


BY_USE = [
    {"when": {"commercial": True}, "opens": {"months_before": 1, "day": 1}, "closes": {"days_before": 7}},
    {"opens": {"months_before": 2, "day": 1}, "closes": {"days_before": 0}},
]


def test_a_use_that_opens_later_is_not_slipped_in_after_the_room_was_taken(session: Session) -> None:
    gym = hall.facilities(windows=BY_USE)
    told = Details(persons=5, facts={"commercial": True})
    with clock.frozen(datetime(2026, 4, 30, 23, 55, tzinfo=clock.TOKYO)):
        early = hold(session, gym, hall.wish("a"), hall.person())
        with pytest.raises(NotAllowed, match="too_early"):
            describe(session, gym, early.token, told)
        describe(session, gym, early.token, Details(persons=5))
    with clock.frozen(datetime(2026, 6, 3, 23, 55, tzinfo=clock.TOKYO)):
        in_time = hold(session, gym, hall.wish("b"), hall.person())
    with clock.frozen(datetime(2026, 6, 4, 0, 5, tzinfo=clock.TOKYO)):
        assert describe(session, gym, in_time.token, told).facts["commercial"] is True
