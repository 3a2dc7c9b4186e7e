"""Recording that a group stayed longer: how long, what that costs and why, then the claim."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.booking import overtime
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facility
from webapp.booking.models import Booking
from webapp.booking.overtime import Overrun
from webapp.casework.models import Case
from webapp.staff.booked import booking_for
from webapp.web import booking_form as typed
from webapp.web import filters
from webapp.web.guards import current_actor, staff_required
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("overtime", __name__, url_prefix="/timeline/<slug>/bookings/<token>/overtime")
Answer = str | Response | tuple[str, int]
Errors = list[tuple[str, str]]


@blueprint.get("")
@staff_required("booking.manage")
def ask(slug: str, token: str) -> Answer:
    facility, booking, case = booking_for(slug, token)
    if "minutes" not in request.args:
        return _page(facility, booking, case, [])
    try:
        return _page(facility, booking, case, [], _preview(booking))
    except NotAllowed as refused:
        return _page(facility, booking, case, [("minutes", refused.say or "")]), 422


@blueprint.post("")
@staff_required("booking.manage")
def record(slug: str, token: str) -> Answer:
    facility, booking, case = booking_for(slug, token)
    shown = typed.whole(request.form.get("yen"))
    try:
        done = overtime.record(
            db(), services().facilities, token, _minutes(), actor=current_actor(), expected_yen=shown
        )
    except NotAllowed as refused:
        db().rollback()
        facility, booking, case = booking_for(slug, token)
        found = _preview(booking) if refused.rule == "price_changed" else None
        return _page(facility, booking, case, [("minutes", refused.say or "")], found), 422
    flash(f"時間超過{done.minutes}分、料金{filters.yen(done.yen)}を記録し、申込者に知らせました。", "success")
    return redirect(url_for("staff.facilities.application", reference=case.reference), 303)


def _preview(booking: Booking) -> Overrun:
    return overtime.preview(db(), services().facilities, booking, _minutes())


def _minutes() -> int:
    """What was typed; -1, which nobody may record, for what is no number."""
    text = request.values.get("minutes", "").strip().removesuffix("分")
    return int(text) if text.isdecimal() and len(text) <= 5 else -1


def _page(
    facility: Facility, booking: Booking, case: Case, errors: Errors, found: Overrun | None = None
) -> str:
    payee = services().city.payees.get(facility.payment.payee)
    return render_template(
        "staff/overtime_ask.html",
        case=case,
        facility=facility,
        booking=booking,
        room=facility.room(booking.room),
        kept=overtime.of_booking(db(), booking),
        payee=payee.name.ja if payee else facility.payment.payee,
        found=found,
        form=request.values,
        errors=errors,
    )
