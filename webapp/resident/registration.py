"""Registration for booking: a person or a group; usable at once, confirmed by the card or by staff."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp import clock
from webapp.booking import registration
from webapp.booking.models import Registration
from webapp.errors import IllegalStep, NotFound
from webapp.form_engine.guard import contains_individual_number
from webapp.identity.models import Resident
from webapp.ports.identity import Level
from webapp.resident import applicant
from webapp.web import booking_form as typed
from webapp.web import guards
from webapp.web.guards import resident_required
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("registration", __name__)
Answer = str | Response | tuple[str, int]
FIELDS = ("kind", "name", "representative", "members", "members_here", "purpose")


@blueprint.get("/facilities/registration")
@resident_required
def show() -> str:
    return _page({"kind": "person", "name": _name()}, [])


@blueprint.post("/facilities/registration")
@resident_required
def send() -> Answer:
    form = {name: request.form.get(name, "").strip() for name in FIELDS}
    errors = _mistakes(form)
    if errors:
        return _page(form, errors), 422
    is_group = form["kind"] == "group"
    registration.register(
        db(),
        resident_id=_me().id,
        kind="group" if is_group else "person",
        name=form["name"],
        details=form,
        case_id=None,
        actor=guards.current_actor(),
        proved=None if is_group else _proved(),
    )
    flash(_("利用者登録を受け付けました。すぐに予約できます。"), "success")
    return redirect(url_for(".show"), 303)


@blueprint.post("/facilities/registration/<number>/renew")
@resident_required
def renew(number: str) -> Response:
    found = registration.by_number(db(), number)
    if found.resident_id != _me().id:
        raise NotFound(number)
    try:
        registration.renew(db(), found, actor=guards.current_actor())
    except IllegalStep as refused:
        flash(refused.say or "", "warning")
    else:
        flash(_("登録を更新しました。"), "success")
    return redirect(url_for(".show"), 303)


def _page(form: dict[str, Any], errors: list[tuple[str, str]]) -> str:
    return render_template(
        "resident/registration_show.html",
        form=form,
        errors=errors,
        mine=[(one, registration.valid_until(one)) for one in _own()],
        may_renew=lambda one: registration.may_renew(one, clock.today()),
        proved=_proved() is not None,
    )


def _mistakes(form: dict[str, str]) -> list[tuple[str, str]]:
    errors: list[tuple[str, str]] = []
    if not form["name"]:
        errors.append(("name", _("お名前か団体の名前を入れてください。")))
    if form["kind"] == "group":
        if typed.whole(form["members"]) < 2:
            errors.append(("members", _("団体の人数を2人以上で入れてください。")))
        elif typed.whole(form["members_here"]) > typed.whole(form["members"]):
            errors.append(("members_here", _("市内の人数は、団体の人数より多くできません。")))
    if any(contains_individual_number(value) for value in form.values()):
        errors.append(("purpose", _("マイナンバー（個人番号）は書かないでください。")))
    return errors


def _proved() -> dict[str, Any] | None:
    """What the card proves: living here. Without it staff look at papers."""
    if guards.current_level() < Level.CARD:
        return None
    person = applicant.person(services().city)
    lives_here = getattr(person, "is_resident_of_city", None)
    return None if lives_here is None else {"resident": bool(lives_here)}


def _own() -> list[Registration]:
    return registration.of_resident(db(), _me().id)


def _me() -> Resident:
    resident = guards.current_resident()
    assert resident is not None
    return resident


def _name() -> str:
    return str((_me().profile or {}).get("name") or "")
