"""Moving and cancelling a booking for somebody: the price by the rules, shown before it is done."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.booking import cancel as cancelling
from webapp.booking import change as changing
from webapp.booking import find
from webapp.booking.difference import Difference
from webapp.booking.errors import NotAllowed, OverLimit, Taken
from webapp.booking.facility import Facility
from webapp.booking.models import Booking
from webapp.booking.person import Booker
from webapp.casework.models import Case
from webapp.errors import IllegalStep, NotFound
from webapp.staff import beyond
from webapp.staff.timeline import facility_for
from webapp.web import booking_form as typed
from webapp.web import change_form
from webapp.web.change_form import ChangeForm, may_change
from webapp.web.guards import current_actor, staff_required
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("booked", __name__, url_prefix="/timeline/<slug>/bookings/<token>")
Answer = str | Response | tuple[str, int]


@blueprint.get("/change")
@staff_required("booking.manage")
def ask_change(slug: str, token: str) -> Answer:
    facility, booking, case = _standing(slug, token)
    form = change_form.read(facility, booking, _booker(booking))
    if "check" not in request.args:
        return _page(case, form, [])
    try:
        return _page(case, form, [], *_preview(form, booking))
    except NotAllowed as refused:
        return _page(case, form, [("choose", refused.say or "")]), 422


@blueprint.post("/change")
@staff_required("booking.manage")
def change(slug: str, token: str) -> Answer:
    facility, booking, case = _standing(slug, token)
    booker = _booker(booking, beyond.read(request.form))
    form = change_form.read(facility, booking, booker)
    try:
        found, over = _preview(form, booking)
        if over is not None and not booker.beyond:
            return _page(case, form, [beyond.mistake(request.form)], found, over), 422
        if not change_form.is_as_shown(found):
            again = [("choose", "料金が変わりました。もう一度内容を確かめてください。")]
            return _page(case, form, again, found, over), 409
        changing.change(
            db(),
            services().facilities,
            booking.token,
            form.wish,
            booker,
            actor=current_actor(),
            our_fault=_our_fault(),
            expected=found,
        )
    except Taken:
        return _again(slug, token, "その枠は埋まっています。いまの予約はそのままです。"), 409
    except NotAllowed as refused:
        return _again(slug, token, refused.say or ""), 422
    flash("予約を変更し、申込者に知らせました。", "success")
    return redirect(url_for("staff.facilities.application", reference=case.reference), 303)


@blueprint.get("/cancel")
@staff_required("booking.manage")
def ask_cancel(slug: str, token: str) -> Answer:
    return _cancel_page(slug, token, [])


@blueprint.post("/cancel")
@staff_required("booking.manage")
def cancel(slug: str, token: str) -> Answer:
    _facility, booking, case = _standing(slug, token)
    reason = request.form.get("reason", "").strip()
    if not reason:
        return _cancel_page(
            slug, token, [("reason", "取り消す理由を書いてください。申込者に知らせます。")]
        ), 422
    try:
        cancelling.cancel(
            db(),
            services().facilities,
            booking.token,
            actor=current_actor(),
            reason=reason,
            our_fault=_our_fault(),
        )
    except NotAllowed as refused:
        db().rollback()
        return _cancel_page(slug, token, [("reason", refused.say or "")]), 422
    flash("予約を取り消し、申込者に知らせました。", "success")
    return redirect(url_for("staff.facilities.application", reference=case.reference), 303)


def _preview(form: ChangeForm, booking: Booking) -> tuple[Difference, OverLimit | None]:
    """The difference, and the limits that the change would pass. Raises NotAllowed for all else."""
    try:
        return change_form.preview(form, _booker(booking), our_fault=_our_fault()), None
    except OverLimit as over:
        trial = _booker(booking, beyond.TRIAL)
        return change_form.preview(form, trial, our_fault=_our_fault()), over


def _page(
    case: Case,
    form: ChangeForm,
    errors: list[tuple[str, str]],
    found: Difference | None = None,
    over: OverLimit | None = None,
) -> str:
    return render_template(
        "staff/booked_change.html",
        case=case,
        form=form,
        errors=errors,
        difference=found,
        over=over,
        typed=request.form,
        extras=typed.choosable_extras(form.facility, form.room, form.wish.use_on),
        our_fault=_our_fault(),
    )


def _again(slug: str, token: str, say: str) -> str:
    """The form anew, after what was begun was rolled back."""
    db().rollback()
    facility, booking, case = _standing(slug, token)
    return _page(case, change_form.read(facility, booking, _booker(booking)), [("choose", say)])


def _cancel_page(slug: str, token: str, errors: list[tuple[str, str]]) -> str:
    facility, booking, case = _standing(slug, token)
    plain, ours = (
        cancelling.preview(services().facilities, booking, our_fault=fault) for fault in (False, True)
    )
    return render_template(
        "staff/booked_cancel.html",
        case=case,
        facility=facility,
        booking=booking,
        room=facility.room(booking.room),
        plain=plain,
        ours=ours,
        form=request.form,
        errors=errors,
    )


def _standing(slug: str, token: str) -> tuple[Facility, Booking, Case]:
    """A booking of the officer's facility that may still be moved. Raises NotFound, IllegalStep."""
    facility, booking, case = booking_for(slug, token)
    if not may_change(booking):
        raise IllegalStep("change", state=booking.state, say="この予約は終わっているか、取り消されています。")
    return facility, booking, case


def booking_for(slug: str, token: str) -> tuple[Facility, Booking, Case]:
    """A booking of the officer's facility, with its case. Raises NotFound."""
    facility = facility_for(slug, "booking.manage")
    booking = find.by_token(db(), token)
    case = find.case_and_charge(db(), booking)[0]
    if booking.facility != facility.slug or case is None:
        raise NotFound(token)
    return facility, booking, case


def _booker(booking: Booking, reason: str = "") -> Booker:
    facts = dict(booking.facts)
    return Booker(booking.owner_key or "", booking.resident_id, facts, staff=True, beyond=reason)


def _our_fault() -> bool:
    return request.values.get("our_fault") == "yes"
