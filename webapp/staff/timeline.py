"""The timeline of a facility: the day and the week, counter booking, attendance. It prints, too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import clock
from webapp.booking import availability, board, counter, search, series, strip
from webapp.booking.errors import NotAllowed, Taken
from webapp.booking.facility import Facility, Room
from webapp.booking.models import Booking
from webapp.booking.states import SAY
from webapp.booking.wish import Wish, span_of, starts_of
from webapp.tariff.adjust import NotExempt
from webapp.tariff.prices import NoPrice
from webapp.web import booking_form as typed
from webapp.web import booking_questions, day_boxes, filters
from webapp.web.booking_questions import Asked
from webapp.web.day_boxes import DayBoxes
from webapp.web.guards import current_actor, require_scope, staff_required, staff_scope
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("timeline", __name__)
Answer = str | Response | tuple[str, int]


@dataclass(frozen=True)
class Price:
    """What one use would cost, kept while the trial booking behind it is taken back."""

    day: date
    quote: dict[str, Any] | None
    yen: int


CHANNELS = [("counter", "窓口"), ("phone", "電話")]


@blueprint.get("/timeline")
@staff_required("booking.read")
def timeline() -> Answer:
    mine = my_facilities("booking.read")
    if not mine:
        return render_template("staff/timeline_none.html")
    slug = request.args.get("facility") or mine[0].slug
    facility = facility_for(slug, "booking.read")
    boxes = day_boxes.read(request.args, "day", clock.today())
    first = boxes.day or clock.today()
    length = 7 if request.args.get("view") == "week" else 1
    rows = {
        day: board.board(db(), services().facilities, facility, day)
        for day in (first + timedelta(days=n) for n in range(length))
    }
    return render_template(
        "staff/timeline_timeline.html",
        facility=facility,
        facilities=mine,
        first=first,
        boxes=boxes,
        length=length,
        before=first - timedelta(days=length),
        after=first + timedelta(days=length),
        days=rows,
        strip=strip.strip(rows[first], first) if length == 1 else None,
        uses=_in_order(rows[first]) if length == 1 else [],
        words=SAY,
        closure_words=board.closure_words,
        today=clock.today(),
        now=clock.now(),
        may_manage=staff_scope("booking.manage").covers(
            department=facility.department, facility=facility.slug
        ),
    )


@blueprint.get("/timeline/<slug>/book")
@staff_required("booking.manage")
def enter(slug: str) -> Answer:
    facility = facility_for(slug, "booking.manage")
    room = typed.room_or_404(facility, request.args.get("room") or facility.rooms[0].key)
    form: dict[str, Any] = {"start": request.args.get("start", ""), "channel": "counter"}
    day = day_boxes.read(request.args, "day", clock.today())
    return _enter_page(facility, room, day, form, request.args.getlist("band"), [])


@blueprint.post("/timeline/<slug>/book")
@staff_required("booking.manage")
def book(slug: str) -> Answer:
    facility = facility_for(slug, "booking.manage")
    form = request.form.to_dict()
    room = typed.room_or_404(facility, form.get("room", ""))
    bands = request.form.getlist("band")
    chosen = day_boxes.read(form, "day", clock.today())
    day = chosen.day or clock.today()
    until = day_boxes.read(form, "until")
    channel = "phone" if form.get("channel") == "phone" else "counter"
    asked = booking_questions.read(facility, room, channel)
    errors = [*typed.mistakes(facility, room, form), *(asked.errors if asked else [])]
    if until.is_wrong:
        errors.append(("until", "最後の日を、実際にある日付で入れてください。"))
    only_price = form.get("_action") == "price"
    if only_price:  # a caller asks what it costs before giving a name
        errors = [one for one in errors if one[0] not in ("name", "tel")]
    if errors:
        return _enter_page(facility, room, chosen, form, bands, errors), 422
    wish = typed.wish_of(facility, room, day, form, bands)
    try:
        done, skipped = counter.book_for(
            db(),
            services().facilities,
            wish,
            typed.details_of(facility, room, day, form, {"resident": form.get("resident") != "no"}),
            typed.contact_of(form),
            actor=current_actor(),
            channel=channel,
            days=series.weekly(day, until.day or day),
        )
    except Taken:
        db().rollback()
        others = _others(facility, room, wish)
        say = "この枠は埋まっています。" + (f"空き: {others}" if others else "")
        return _enter_page(facility, room, chosen, form, bands, [("band", say)]), 409
    except NotAllowed as refused:
        db().rollback()
        return _enter_page(facility, room, chosen, form, bands, [("band", refused.say or "")]), 422
    except (NoPrice, NotExempt):
        db().rollback()
        say = "この使い方の料金が表にありません。料金表を確かめてください。"
        return _enter_page(facility, room, chosen, form, bands, [("band", say)]), 422
    if only_price:
        prices = _prices(done.bookings)
        db().rollback()
        return _enter_page(facility, room, chosen, form, bands, [], prices)
    booking_questions.keep(asked, done.bookings)
    for one in skipped:
        flash(f"{filters.date_short(one.day)} は予約できませんでした。{one.why}", "warning")
    state = SAY.get(done.state, done.state)
    total = filters.yen(sum(one.total_yen for one in done.bookings))
    say = f"予約しました。受付番号 {done.case.reference}({state})、料金 {total}。"
    flash(f"{say}照会用パスワード {done.password}(今だけ表示します)", "success")
    return redirect(url_for(".timeline", facility=facility.slug, day=day.isoformat()), 303)


@blueprint.post("/timeline/<slug>/attend/<token>")
@staff_required("booking.manage")
def attend(slug: str, token: str) -> Response:
    facility = facility_for(slug, "booking.manage")
    try:
        booking = board.attend(db(), facility.slug, token, request.form.get("came") == "yes", current_actor())
    except NotAllowed as refused:
        flash(refused.say or "", "warning")
        return redirect(url_for(".timeline", facility=slug), 303)
    return redirect(url_for(".timeline", facility=slug, day=booking.use_on.isoformat()), 303)


def my_facilities(permission: str) -> list[Facility]:
    """The facilities the officer may see; a designated manager sees only its own."""
    scope = staff_scope(permission)
    return [
        facility
        for facility in services().facilities
        if scope.covers(department=facility.department, facility=facility.slug)
    ]


def facility_for(slug: str, permission: str) -> Facility:
    """Raises NotFound for a facility outside the officer's scope, as if it did not exist."""
    facility = typed.facility_or_404(slug)
    require_scope(permission, department=facility.department, facility=facility.slug)
    return facility


def _prices(bookings: Sequence[Booking]) -> list[Price]:
    return [Price(one.use_on, one.quote, one.total_yen) for one in bookings]


def _in_order(rows: list[board.BoardRow]) -> list[tuple[board.Use, Room]]:
    """The bookings of a day as they begin, whatever the room."""
    found = [(use, row.room) for row in rows for use in row.uses]
    return sorted(found, key=lambda one: (one[0].booking.starts_at, one[0].booking.id))


def _enter_page(
    facility: Facility,
    room: Room,
    boxes: DayBoxes,
    form: dict[str, Any],
    bands: list[str],
    errors: list[tuple[str, str]],
    prices: Sequence[Price] = (),
) -> str:
    day = boxes.day or clock.today()
    grid = availability.grid(db(), services().facilities, facility, [room], day, 1, board.STAFF)
    return render_template(
        "staff/timeline_enter.html",
        facility=facility,
        room=room,
        form=form,
        day=day,
        boxes=boxes,
        until=day_boxes.read(form, "until"),
        bands=bands,
        errors=errors,
        prices=prices,
        total=sum(one.yen for one in prices),
        row=grid[0].days[0],
        spans=starts_of(facility, room),
        questions=typed.questions_of(facility, room),
        asked=_asked(facility, room),
        extras=typed.choosable_extras(facility, room, day),
        exemptions=typed.exemptions_of(facility, room, day),
        channels=CHANNELS,
    )


def _asked(facility: Facility, room: Room) -> Asked | None:
    """The room's own questions, with what was typed where the page comes back."""
    if request.method == "POST":
        return booking_questions.read(facility, room, "counter")
    return booking_questions.ask(facility, room, None, "counter")


def _others(facility: Facility, room: Room, wish: Wish) -> str:
    span = span_of(facility, room, wish)
    found = search.alternatives(
        db(), services().facilities, facility, room, wish.use_on, span, board.STAFF, 3
    )
    return "、".join(f"{one.room.name.ja} {one.day.month}/{one.day.day} {one.label}" for one in found)
