"""Registrations for booking (利用者登録): what one has, and the way to the procedure that makes them."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import clock
from webapp.booking import registering, registration
from webapp.booking.models import Registration
from webapp.errors import NotFound
from webapp.identity.models import Resident
from webapp.intake import drafts, prefill
from webapp.resident import applicant, desk
from webapp.web import booking_form, guards, sessions
from webapp.web.guards import resident_required
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("registration", __name__)


@blueprint.get("/facilities/registration")
@resident_required
def show() -> str:
    booking_form.catch_up(_me().id)
    mine = registration.of_resident(db(), _me().id)
    return render_template(
        "resident/registration_show.html",
        mine=[(one, registration.valid_until(one), registering.case_of(db(), one)) for one in mine],
        may_renew=lambda one: registration.may_renew(one, clock.today()),
        procedure=services().library.get(registering.PROCEDURE),
    )


@blueprint.post("/facilities/registration/renewals")
@resident_required
def renew() -> Response:
    """Begin the application that renews a registration, filled in as far as it is known."""
    found = _own(request.form.get("number", ""))
    definition = desk.live_definition(registering.PROCEDURE)
    known, marks = prefill.from_person(definition, desk.context().person, {})
    answers = {**found.details, **known, "what": "renew", "number": found.number}
    draft = drafts.start(
        db(),
        definition,
        applicant.owner(),
        lang=guards.lang(),
        actor=guards.current_actor(),
        answers=answers,
        provenance=marks,
        agency=applicant.agency(definition.slug),
    )
    sessions.own("draft", draft.token)
    return redirect(url_for("resident.apply.go_on", token=draft.token), 303)


def _own(number: str) -> Registration:
    found = registration.by_number(db(), number)
    if found.resident_id != _me().id:
        raise NotFound(number)
    return found


def _me() -> Resident:
    resident = guards.current_resident()
    assert resident is not None
    return resident
