"""A booking that stands: looking at it, moving it, cancelling it, its permit or its refusal."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp import clock
from webapp.booking import cancel as cancelling
from webapp.booking import change as changing
from webapp.booking import find, hold, overtime, search
from webapp.booking.difference import Difference
from webapp.booking.errors import NotAllowed, Taken
from webapp.booking.facility import Facility, Room
from webapp.booking.models import Booking
from webapp.booking.search import Alternative
from webapp.booking.wish import span_of, wish_of
from webapp.casework.models import Case
from webapp.errors import IllegalStep, NotFound
from webapp.payment import charges
from webapp.resident import refusals, use_words
from webapp.resident.case_access import open_case
from webapp.web import booking_form as typed
from webapp.web import booking_questions, change_form, guards
from webapp.web.change_form import ChangeForm, may_change
from webapp.web.downloads import disposition
from webapp.web.guards import visitor_or_resident
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("booked", __name__)
Answer = str | Response | tuple[str, int]


@blueprint.get("/cases/<reference>/bookings")
@visitor_or_resident
def show(reference: str) -> str:
    case = open_case(reference)
    bookings = find.of_case(db(), case.id)
    if not bookings:
        raise NotFound(reference, say=_("この受付番号の予約はありません。"))
    facility, _room = _place(bookings[0])
    return render_template(
        "resident/booked_show.html",
        case=case,
        facility=facility,
        bookings=[(b, facility.room(b.room)) for b in bookings],
        words=_states(),
        may_change=may_change,
        answers=booking_questions.shown,
        use=use_words.use,
        instead=_instead,
        charge=find.case_and_charge(db(), bookings[0])[1],
        overtimes=overtime.of_bookings(db(), bookings),
        charges={one.id: one for one in charges.of_case(db(), case.id)},
        department=services().city.departments.get(facility.department),
    )


@blueprint.get("/cases/<reference>/bookings/<token>/change")
@visitor_or_resident
def ask_change(reference: str, token: str) -> Answer:
    case, booking = _standing(reference, token)
    facility, _room = _place(booking)
    booker = change_form.booker_of(booking)
    form = change_form.read(facility, booking, booker)
    if "check" not in request.args:
        return _change_page(case, form, [])
    try:
        return _change_page(case, form, [], change_form.preview(form, booker))
    except NotAllowed as refused:
        return _change_page(case, form, [("choose", refusals.say(refused))]), 422


@blueprint.post("/cases/<reference>/bookings/<token>/change")
@visitor_or_resident
def change(reference: str, token: str) -> Answer:
    case, booking = _standing(reference, token)
    facility, _room = _place(booking)
    booker = change_form.booker_of(booking)
    form = change_form.read(facility, booking, booker)
    try:
        found = change_form.preview(form, booker)
        if not change_form.is_as_shown(found):
            again = [("choose", _("料金が変わりました。もう一度内容を確かめてください。"))]
            return _change_page(case, form, again, found), 409
        done = changing.change(
            db(),
            services().facilities,
            booking.token,
            form.wish,
            booker,
            actor=guards.current_actor(),
            expected=found,
        )
    except Taken:
        db().rollback()
        taken = _("その枠は埋まっています。ほかの時間か部屋を選んでください。いまの予約はそのままです。")
        return _change_page(*_again(reference, token), [("choose", taken)]), 409
    except NotAllowed as refused:
        db().rollback()
        return _change_page(*_again(reference, token), [("choose", refusals.say(refused))]), 422
    flash(_("予約を変更しました。"), "success")
    if done.difference.to_pay_yen and done.charge is not None:
        return redirect(url_for("resident.pay.charge", token=done.charge.token), 303)
    return redirect(url_for(".show", reference=reference), 303)


@blueprint.get("/cases/<reference>/bookings/<token>/cancel")
@visitor_or_resident
def ask_cancel(reference: str, token: str) -> Answer:
    case, booking = _standing(reference, token)
    facility, room = _place(booking)
    return render_template(
        "resident/booked_ask_cancel.html",
        case=case,
        booking=booking,
        facility=facility,
        room=room,
        rule=cancelling.preview(services().facilities, booking),
        department=services().city.departments.get(facility.department),
    )


@blueprint.post("/cases/<reference>/bookings/<token>/cancel")
@visitor_or_resident
def cancel(reference: str, token: str) -> Answer:
    _case, booking = _standing(reference, token)
    try:
        cancelling.cancel(
            db(),
            services().facilities,
            booking.token,
            actor=guards.current_actor(),
            reason=request.form.get("reason", ""),
            expected_refund_yen=typed.whole(request.form.get("refund_yen")),
        )
    except NotAllowed as refused:
        flash(refusals.say(refused), "warning")
        return redirect(url_for(".ask_cancel", reference=reference, token=token), 303)
    flash(_("予約を取り消しました。"), "success")
    return redirect(url_for(".show", reference=reference), 303)


@blueprint.get("/cases/<reference>/permit.pdf")
@visitor_or_resident
def permit(reference: str) -> Response:
    from webapp.resident.permit import permit_pdf  # typst is loaded only by who prints

    case = open_case(reference)
    return _pdf(permit_pdf(case, find.of_case(db(), case.id)), f"使用許可書-{case.reference}.pdf")


@blueprint.get("/cases/<reference>/refusal.pdf")
@visitor_or_resident
def refusal(reference: str) -> Response:
    from webapp.resident.permit import refusal_pdf

    case = open_case(reference)
    return _pdf(refusal_pdf(case, find.of_case(db(), case.id)), f"使用不許可通知書-{case.reference}.pdf")


def _instead(booking: Booking) -> list[Alternative]:
    """What is free now for somebody whose booking the city took back, as long as its day is to come."""
    if booking.starts_at <= clock.now():
        return []
    facility, room = _place(booking)
    span = span_of(facility, room, wish_of(booking))
    who = change_form.booker_of(booking)
    return search.alternatives(
        db(), services().facilities, facility, room, booking.use_on, span, who, persons=booking.persons
    )


def _states() -> dict[str, str]:
    """The states of a booking that a resident can meet, in their language."""
    return {
        "applied": _("申請中"),
        "awaiting_payment": _("支払い待ち"),
        "confirmed": _("確定"),
        "refused": _("不許可"),
        "lapsed": _("支払い期限切れ"),
        "cancelled": _("取消し済み"),
        "displaced": _("施設の都合による取消し"),
    }


def _pdf(data: bytes, name: str) -> Response:
    response = Response(data, mimetype="application/pdf")
    response.headers["Content-Disposition"] = disposition("inline", name)
    return response


def _change_page(
    case: Case, form: ChangeForm, errors: list[tuple[str, str]], found: Difference | None = None
) -> str:
    return render_template(
        "resident/booked_change.html",
        case=case,
        form=form,
        errors=errors,
        difference=found,
        extras=typed.choosable_extras(form.facility, form.room, form.wish.use_on),
        department=services().city.departments.get(form.facility.department),
    )


def _again(reference: str, token: str) -> tuple[Case, ChangeForm]:
    """The form anew, after what was begun was rolled back."""
    case, booking = _standing(reference, token)
    return case, change_form.read(_place(booking)[0], booking, change_form.booker_of(booking))


def _standing(reference: str, token: str) -> tuple[Case, Booking]:
    """A booking of the case that may still be moved or cancelled. Raises NotFound, IllegalStep."""
    case = open_case(reference)
    booking = find.by_token(db(), token)
    if booking.case_id != case.id:
        raise NotFound(token)
    if not may_change(booking):
        raise IllegalStep(
            "change",
            state=booking.state,
            say=_("この予約は終わっているか、取り消されています。予約の内容を確かめてください。"),
        )
    return case, booking


def _place(booking: Booking) -> tuple[Facility, Room]:
    return hold.facility_and_room(services().facilities, booking.facility, booking.room)
