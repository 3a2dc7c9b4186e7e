"""Booking for somebody at the counter or on the telephone, on one page, by keyboard."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from webapp import clock
from webapp.booking import counter, search
from webapp.booking.confirm import Confirmed
from webapp.booking.counter import AtCounter, Conflicts
from webapp.booking.errors import NotAllowed, OverLimit, Taken
from webapp.booking.series import Skipped
from webapp.booking.states import SAY
from webapp.booking.wish import span_of
from webapp.staff import beyond, repeat
from webapp.staff.desk_booking_page import Page, Price, show
from webapp.staff.timeline import facility_for
from webapp.tariff.adjust import NotExempt
from webapp.tariff.prices import NoPrice
from webapp.web import booking_form as typed
from webapp.web import booking_questions, day_boxes, filters
from webapp.web.guards import current_actor, staff_required
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("desk_booking", __name__)
Answer = str | Response | tuple[str, int]
Refusal = NotAllowed | Taken | NoPrice | NotExempt
PLACES = {"number": "number", "too_many": "days"}
"""Where a refusal stands that is not about the time: rule -> control."""


@blueprint.get("/timeline/<slug>/book")
@staff_required("booking.manage")
def enter(slug: str) -> Answer:
    facility = facility_for(slug, "booking.manage")
    room = typed.room_or_404(facility, request.args.get("room") or facility.rooms[0].key)
    form: dict[str, Any] = {"start": request.args.get("start", ""), "channel": "counter"}
    boxes = day_boxes.read(request.args, "day", clock.today())
    return show(Page(facility, room, boxes, form, request.args.getlist("band")))


@blueprint.post("/timeline/<slug>/book")
@staff_required("booking.manage")
def book(slug: str) -> Answer:
    page = _page(slug)
    if page.errors:
        return show(page), 422
    asks_price = page.form.get("_action") == "price"
    try:
        done, skipped = _price(page) if asks_price else _book(page, _told(page))
    except (NotAllowed, Taken, NoPrice, NotExempt) as refused:
        db().rollback()
        return _refused(page, refused)
    if asks_price:
        return _priced(page, done, skipped)
    booking_questions.keep(page.asked, done.bookings)
    _say(done, skipped)
    return redirect(url_for("staff.timeline.timeline", facility=slug, day=page.day.isoformat()), 303)


def _page(slug: str) -> Page:
    """What was sent, with what is wrong about it."""
    facility = facility_for(slug, "booking.manage")
    form = request.form.to_dict()
    room = typed.room_or_404(facility, form.get("room", ""))
    boxes = day_boxes.read(form, "day", clock.today())
    page = Page(facility, room, boxes, form, request.form.getlist("band"))
    asked = booking_questions.read(facility, room, page.channel)
    errors = [*typed.mistakes(facility, room, form), *(asked.errors if asked else [])]
    errors += repeat.read(form, page.day).errors
    if form.get("_action") == "price":  # a caller asks what it costs before giving a name
        errors = [one for one in errors if one[0] not in ("name", "tel")]
    return replace(page, asked=asked, errors=errors)


def _told(page: Page) -> AtCounter:
    form = page.form
    answers = {"resident": form.get("resident") != "no"}
    return AtCounter(
        typed.details_of(page.facility, page.room, page.day, form, answers),
        typed.contact_of(form),
        page.channel,
        number=form.get("number", "").strip().upper(),
        beyond=beyond.read(form),
    )


def _book(page: Page, told: AtCounter, *, leave_out: bool = False) -> tuple[Confirmed, list[Skipped]]:
    return counter.book_for(
        db(),
        services().facilities,
        page.wish,
        told,
        actor=current_actor(),
        days=repeat.read(page.form, page.day).days,
        leave_out=leave_out or page.form.get("leave_out") == "yes",
    )


def _price(page: Page) -> tuple[Confirmed, list[Skipped]]:
    """A trial that nothing but the calendar and the tariff can refuse; the caller takes it back."""
    return _book(page, replace(_told(page), beyond=beyond.TRIAL), leave_out=True)


def _priced(page: Page, done: Confirmed, skipped: list[Skipped]) -> str:
    """The trial taken back, its prices shown, and what booking it would meet."""
    prices = [Price(one.use_on, one.quote, one.total_yen) for one in done.bookings]
    limits_pass = any(one.why("limits") for one in done.bookings)
    db().rollback()
    return show(replace(page, prices=prices, skipped=skipped, over=_over(page) if limits_pass else None))


def _over(page: Page) -> OverLimit | None:
    """The limits that a trial met, in their sentences."""
    try:
        _book(page, replace(_told(page), beyond=""), leave_out=True)
    except OverLimit as over:
        return over
    finally:
        db().rollback()
    return None


def _refused(page: Page, refused: Refusal) -> Answer:
    if isinstance(refused, Taken):
        others = _others(page)
        say = "この枠は埋まっています。" + (f"空き: {others}" if others else "")
        return show(replace(page, errors=[("band", say)])), 409
    if isinstance(refused, OverLimit):
        return show(replace(page, errors=[beyond.mistake(page.form)], over=refused)), 422
    if isinstance(refused, Conflicts):
        place = "band" if refused.all_of_them else "leave_out"
        return show(replace(page, errors=[(place, refused.say or "")], skipped=refused.skipped)), 409
    if isinstance(refused, NotAllowed):
        return show(replace(page, errors=[(PLACES.get(refused.rule, "band"), refused.say or "")])), 422
    say = "この使い方の料金が表にありません。料金表を確かめてください。"
    return show(replace(page, errors=[("band", say)])), 422


def _say(done: Confirmed, skipped: list[Skipped]) -> None:
    for one in skipped:
        flash(f"{filters.date_short(one.day)} は予約できませんでした。{one.why}", "warning")
    state = SAY.get(done.state, done.state)
    total = filters.yen(sum(one.total_yen for one in done.bookings))
    say = f"予約しました。受付番号 {done.case.reference}({state})、料金 {total}。"
    flash(f"{say}照会用パスワード {done.password}(今だけ表示します)", "success")


def _others(page: Page) -> str:
    span = span_of(page.facility, page.room, page.wish)
    found = search.alternatives(
        db(), services().facilities, page.facility, page.room, page.day, span, page.officer, 3
    )
    return "、".join(f"{one.room.name.ja} {one.day.month}/{one.day.day} {one.label}" for one in found)
