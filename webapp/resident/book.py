"""The booking journey: choose, hold, say what for, see the price explained, confirm; later cancel."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp import clock
from webapp.booking import availability, details, find, hold, invoicing, quota, search, series
from webapp.booking.confirm import confirm as confirm_booking
from webapp.booking.errors import HoldOver, NotAllowed, Taken, TooManySlots
from webapp.booking.expire import expire_holds
from webapp.booking.facility import Facility, Room
from webapp.booking.models import Booking
from webapp.booking.person import Booker
from webapp.booking.pricing import exemption_preview
from webapp.booking.wish import Span, Wish, span_of, starts_of
from webapp.calendar.business import days_between
from webapp.resident import baskets, refusals, use_words
from webapp.resident.case_access import remember
from webapp.tariff.prices import NoPrice
from webapp.web import booking_form as typed
from webapp.web import booking_questions, day_boxes, filters, guards, languages, quotas, sessions, transaction
from webapp.web.booking_questions import Asked
from webapp.web.guards import visitor_or_resident
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("book", __name__)
Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]
KEPT = ("registration", "resident", "persons")
"""What was chosen besides room and time; it goes along to the alternative of a slot that was taken."""


@blueprint.get("/book/<slug>/<key>/<day>")
@visitor_or_resident
def choose(slug: str, key: str, day: str) -> Answer:
    facility = typed.facility_or_404(slug)
    room = typed.room_or_404(facility, key)
    return _choose_page(facility, room, day, request.args.getlist("band"), [])


@blueprint.post("/book/<slug>/<key>/<day>")
@visitor_or_resident
def take(slug: str, key: str, day: str) -> Answer:
    facility = typed.facility_or_404(slug)
    room = typed.room_or_404(facility, key)
    bands = request.form.getlist("band")
    who = typed.booker(request.form.get("resident") != "no", request.form.get("registration", ""))
    wish = typed.wish_of(facility, room, typed.day_of(day, clock.today()), request.form, bands)
    until = day_boxes.read(request.form, "until")
    if until.is_wrong:
        wrong = _("最後の日を、実際にある日付で入れてください。")
        return _choose_page(facility, room, day, bands, [("until", wrong)]), 422
    try:
        others = day_boxes.listed(request.form.get("days", ""), wish.use_on)
    except ValueError as unread:
        wrong = _(
            "「%(part)s」は日付として読めません。6/24 のように、実際にある日を入れてください。", part=unread
        )
        return _choose_page(facility, room, day, bands, [("days", wrong)]), 422
    days = sorted({*_repeated(wish.use_on, until.day), *others})
    try:
        if len(days) > 1:
            return _take_series(facility, room, wish, days, who)
        booking = hold.hold(db(), services().facilities, wish, who)
        quotas.count_held([booking])
    except TooManySlots as many:
        transaction.undo()
        page = _choose_page(facility, room, day, bands, [], many)
        return page, 429, {"Retry-After": str(many.retry_after)}
    except Taken:
        return _taken_page(facility, room, wish), 409
    except NotAllowed as refused:
        transaction.undo()
        return _choose_page(facility, room, day, bands, [("choose", refusals.say(refused))]), 422
    typed.remember_visitor(who)
    sessions.own("basket", booking.basket)
    return redirect(url_for(".describe", basket=booking.basket), 303)


@blueprint.get("/booking/<basket>")
@visitor_or_resident
def describe(basket: str) -> Answer:
    bookings = baskets.running(basket)
    return _describe_page(bookings, baskets.known(bookings[0]), [])


@blueprint.post("/booking/<basket>")
@visitor_or_resident
def save(basket: str) -> Answer:
    bookings = baskets.running(basket)
    facility, room = baskets.place(bookings[0])
    form = request.form.to_dict()
    asked = booking_questions.read(facility, room)
    errors = [*typed.mistakes(facility, room, form), *(asked.errors if asked else [])]
    if errors:
        return _describe_page(bookings, form, errors, asked), 422
    settled = typed.settled_facts(bookings[0])
    answers = typed.details_of(facility, room, bookings[0].use_on, form, settled)
    try:
        for booking in bookings:
            stored = details.describe(db(), services().facilities, booking.token, answers)
            stored.contact = typed.contact_of(form)
        booking_questions.keep(asked, bookings)
    except NotAllowed as refused:
        db().rollback()
        place = "persons" if refused.rule in ("capacity", "min_persons") else "commercial"
        return _describe_page(baskets.running(basket), form, [(place, refusals.say(refused))], asked), 422
    except Taken as taken:
        db().rollback()
        return _describe_page(baskets.running(basket), form, [("persons", refusals.say(taken))], asked), 422
    except NoPrice:
        db().rollback()
        text = _("この使い方の料金が表にありません。施設にお電話ください。")
        return _describe_page(baskets.running(basket), form, [("persons", text)], asked), 422
    baskets.forget_typed()
    return redirect(url_for(".check", basket=basket), 303)


@blueprint.get("/booking/<basket>/check")
@visitor_or_resident
def check(basket: str) -> Answer:
    bookings = baskets.running(basket)
    if not bookings[0].contact:
        return redirect(url_for(".describe", basket=basket))
    facility, room = baskets.place(bookings[0])
    wished = (bookings[0].exemption or {}).get("key")
    return render_template(
        "resident/book_check.html",
        basket=basket,
        facility=facility,
        room=room,
        bookings=bookings,
        total=sum(b.total_yen for b in bookings),
        known=all(b.quote is not None for b in bookings),
        undecided=list(dict.fromkeys(u for b in bookings for u in (b.quote or {}).get("undecided", []))),
        approval=facility.needs_approval(room),
        reduced=_reduced(facility, bookings) if wished else None,
        answers=booking_questions.shown(bookings[0]),
        invoice_until=invoicing.until(facility, bookings),
        use=use_words.use(facility, room, bookings[0]),
        expires_at=bookings[0].expires_at,
        extended=bookings[0].extended,
        department=services().city.departments.get(facility.department),
    )


@blueprint.post("/booking/<basket>/confirm")
@visitor_or_resident
def confirm(basket: str) -> Answer:
    bookings = baskets.own(basket)
    if bookings[0].case_id is not None:
        return redirect(url_for(".done", basket=basket), 303)
    contact = bookings[0].contact or {}
    result = confirm_booking(
        db(), services().facilities, basket, contact=contact, actor=guards.current_actor(), channel="web"
    )
    quotas.count_confirmed(bookings)
    remember(result.case)
    sessions.current()["booking_password"] = {"basket": basket, "password": result.password}
    return redirect(url_for(".done", basket=basket), 303)


@blueprint.get("/booking/<basket>/done")
@visitor_or_resident
def done(basket: str) -> Answer:
    bookings = baskets.own(basket)
    if bookings[0].case_id is None:
        return redirect(url_for(".describe", basket=basket))
    facility, room = baskets.place(bookings[0])
    shown = sessions.current().get("booking_password") or {}
    case, charge = find.case_and_charge(db(), bookings[0])
    return render_template(
        "resident/book_done.html",
        facility=facility,
        room=room,
        bookings=bookings,
        case=case,
        charge=charge,
        invoice_until=invoicing.until(facility, bookings),
        password=shown.get("password") if shown.get("basket") == basket else None,
        department=services().city.departments.get(facility.department),
    )


@blueprint.post("/booking/<basket>/extend")
@visitor_or_resident
def extend(basket: str) -> Response:
    bookings = baskets.running(basket)
    if baskets.is_typing():
        baskets.keep_typed(*baskets.place(bookings[0]))
    for booking in bookings:
        try:
            hold.extend(db(), booking.token)
        except NotAllowed as refused:
            flash(refusals.say(refused), "warning")
            break
    else:
        flash(_("10分延ばしました。"), "success")
    back = request.form.get("back", "")
    return redirect(url_for(".check" if back == "check" else ".describe", basket=basket), 303)


@blueprint.post("/booking/<basket>/release")
@visitor_or_resident
def release(basket: str) -> Response:
    bookings = baskets.own(basket)
    for booking in bookings:
        if booking.state == "held":
            hold.release(db(), services().facilities, booking.token)
    baskets.forget_typed()
    flash(_("予約をやめました。取っていた時間は空きに戻りました。"))
    return redirect(url_for("resident.facilities.facility", slug=bookings[0].facility), 303)


@blueprint.errorhandler(HoldOver)
def hold_is_over(_over: HoldOver) -> tuple[str, int]:
    """The time ran out: it is free again at once, what was typed is kept, and one press leads back to it."""
    basket = (request.view_args or {})["basket"]
    transaction.first(lambda session: expire_holds(session, services().facilities, basket=basket))
    bookings = baskets.own(basket)
    facility, room = baskets.place(bookings[0])
    if baskets.is_typing():
        baskets.keep_typed(facility, room)
    page = render_template(
        "resident/book_over.html",
        facility=facility,
        bookings=bookings,
        again=baskets.again(bookings),
        is_kept=baskets.TYPED in sessions.current(),
        department=services().city.departments.get(facility.department),
    )
    return page, 409


def _repeated(first: date, until: date | None) -> list[date]:
    """The day chosen, and every week or every day after it up to the last one."""
    if until is None or until <= first:
        return [first]
    if request.form.get("repeat") == "daily":
        return [*list(days_between(first, until))[: series.MOST - 1], until]
    return series.weekly(first, until, max(1, typed.whole(request.form.get("every")) or 1))


def _take_series(facility: Facility, room: Room, wish: Wish, days: list[date], who: Booker) -> Answer:
    result = series.hold_series(db(), services().facilities, wish, days, who)
    if not result.held:
        text = (
            _("選んだ日はどれも予約できませんでした。")
            + " "
            + (_why(result.skipped[0]) if result.skipped else "")
        )
        return _choose_page(
            facility, room, wish.use_on.isoformat(), list(wish.bands), [("choose", text)]
        ), 409
    quotas.count_held(result.held)
    typed.remember_visitor(who)
    sessions.own("basket", result.basket)
    for skipped in result.skipped:
        flash(
            _(
                "%(day)s は予約できませんでした。%(why)s",
                day=filters.date_short(skipped.day),
                why=_why(skipped),
            ),
            "warning",
        )
    return redirect(url_for(".describe", basket=result.basket), 303)


def _why(skipped: series.Skipped) -> str:
    return skipped.why if languages.lang() == "ja" else refusals.otherwise()


def _choose_page(
    facility: Facility,
    room: Room,
    day: str,
    chosen: list[str],
    errors: list[tuple[str, str]],
    many: TooManySlots | None = None,
) -> str:
    use_on = typed.day_of(day, clock.today())
    row = availability.grid(db(), services().facilities, facility, [room], use_on, 1, typed.booker())[0].days[
        0
    ]
    return render_template(
        "resident/book_choose.html",
        facility=facility,
        room=room,
        day=use_on,
        row=row,
        steps=starts_of(facility, room),
        chosen=chosen or request.form.getlist("band"),
        form=request.values,
        until=day_boxes.read(request.form, "until"),
        registrations=[(one.number, one.name) for one in typed.registrations()],
        declares=any(not one.classes for one in typed.registrations()) or not typed.registrations(),
        start=request.args.get("start") or request.form.get("start", ""),
        errors=errors,
        stopped=refusals.stopped(many) if many else None,
        running=quota.running(db(), typed.booker().key) if many else [],
        place_of=baskets.place,
        department=services().city.departments.get(facility.department),
    )


def _taken_page(facility: Facility, room: Room, wish: Wish) -> str:
    transaction.undo()
    span: Span = span_of(facility, room, wish)
    return render_template(
        "resident/book_taken.html",
        facility=facility,
        room=room,
        day=wish.use_on,
        span=span,
        kept={name: request.form[name] for name in KEPT if request.form.get(name)},
        others=search.alternatives(
            db(),
            services().facilities,
            facility,
            room,
            wish.use_on,
            span,
            typed.booker(),
            persons=wish.persons,
        ),
        department=services().city.departments.get(facility.department),
    )


def _describe_page(
    bookings: list[Booking],
    form: dict[str, Any],
    errors: list[tuple[str, str]],
    asked: Asked | None = None,
) -> str:
    facility, room = baskets.place(bookings[0])
    day = bookings[0].use_on
    return render_template(
        "resident/book_describe.html",
        basket=bookings[0].basket,
        facility=facility,
        room=room,
        bookings=bookings,
        form=form,
        errors=errors,
        questions=typed.questions_of(facility, room),
        asked=asked or booking_questions.ask(facility, room, baskets.typed_answers(bookings[0])),
        extras=typed.choosable_extras(facility, room, day),
        exemptions=typed.exemptions_of(facility, room, day),
        proved=bookings[0].resident_id is not None and "resident" in bookings[0].facts,
        expires_at=bookings[0].expires_at,
        extended=bookings[0].extended,
        department=services().city.departments.get(facility.department),
    )


def _reduced(facility: Facility, bookings: list[Booking]) -> int | None:
    """What all would cost if the wished exemption were granted; None where it cannot be for one of them."""
    previews = [exemption_preview(facility, b, str((b.exemption or {}).get("key"))) for b in bookings]
    return None if None in previews else sum(one.total_yen for one in previews if one is not None)
