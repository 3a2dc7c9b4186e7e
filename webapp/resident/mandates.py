"""「代理・委任」: let somebody act, take an offer, act, end it."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.errors import InvalidInput, NotFound
from webapp.form_engine.guard import contains_individual_number
from webapp.identity import mandates
from webapp.identity.models import Resident
from webapp.ports.identity import Level
from webapp.web import day_boxes, guards, sessions
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("mandates", __name__, url_prefix="/mandates")


@blueprint.get("/")
@guards.resident_required
def overview() -> str | Response:
    """List what was given and taken."""
    if (away := guards.step_up(Level.CARD, url_for(".overview"))) is not None:
        return away
    return _overview_page(None)


@blueprint.post("/")
@guards.resident_required
def offer() -> Response | str | tuple[str, int]:
    """Offer a mandate; the link is shown this once."""
    if (away := guards.step_up(Level.CARD, url_for(".overview"))) is not None:
        return away
    try:
        if contains_individual_number(request.form.get("note", "")):
            raise InvalidInput("note", field="note", say=_("マイナンバー（個人番号）は書かないでください。"))
        _row, token = mandates.offer(
            db(),
            _me(),
            procedures=[slug for slug in request.form.getlist("procedures") if services().library.get(slug)],
            valid_to=_day("valid_to"),
            note=request.form.get("note", ""),
            actor=guards.current_actor(),
            shares_profile=request.form.get("shares_profile") == "yes",
        )
    except InvalidInput as error:
        return _overview_page(error), 422
    link = url_for(".show", token=token, _external=True)
    return render_template("resident/mandates_offer.html", link=link)


@blueprint.get("/offers/<token>")
@guards.resident_required
def show(token: str) -> str | Response:
    """Show an offer to the person who got the link."""
    if (away := guards.step_up(Level.CARD, url_for(".show", token=token))) is not None:
        return away
    row = mandates.of_token(db(), token, _me())
    return render_template(
        "resident/mandates_show.html",
        row=row,
        token=token,
        name=mandates.grantor_name(db(), row),
        titles=_titles(row.procedures),
    )


@blueprint.post("/offers/<token>")
@guards.resident_required
def answer(token: str) -> Response:
    """Accept or decline."""
    if (away := guards.step_up(Level.CARD, url_for(".show", token=token))) is not None:
        return away
    if request.form.get("answer") == "accept":
        mandates.accept(db(), token, _me(), guards.current_actor())
        flash(_("委任を引き受けました。"), "success")
    else:
        mandates.decline(db(), token, _me(), guards.current_actor())
        flash(_("委任を断りました。"), "success")
    return redirect(url_for(".overview"), code=303)


@blueprint.post("/<int:number>/revoke")
@guards.resident_required
def revoke(number: int) -> Response:
    """End a mandate, from either side."""
    mandates.revoke(db(), number, _me(), guards.current_actor())
    if sessions.current().get(guards.ACTING) == number:
        sessions.current().pop(guards.ACTING)
    flash(_("委任を終わらせました。"), "success")
    return redirect(url_for(".overview"), code=303)


@blueprint.post("/<int:number>/act")
@guards.resident_required
def act(number: int) -> Response:
    """Act for the grantor from now on in this browser."""
    if (away := guards.step_up(Level.CARD, url_for(".overview"))) is not None:
        return away
    if mandates.in_force(db(), number, _me()) is None:
        raise NotFound(f"mandate {number}")
    sessions.current()[guards.ACTING] = number
    flash(_("代理で手続きをします。終わったら「代理をやめる」を押してください。"), "success")
    return redirect(url_for("resident.catalogue.search"), code=303)


@blueprint.post("/stop")
@guards.resident_required
def stop() -> Response:
    """Act for oneself again."""
    sessions.current().pop(guards.ACTING, None)
    return redirect(url_for(".overview"), code=303)


def _overview_page(error: InvalidInput | None) -> str:
    me = _me()
    rows = mandates.of_resident(db(), me)
    shown = [
        {
            "row": row,
            "state": mandates.state(row),
            "is_mine": row.grantor_id == me.id,
            "name": mandates.grantor_name(db(), row) if row.grantor_id != me.id else "",
            "titles": _titles(row.procedures),
        }
        for row in rows
    ]
    return render_template(
        "resident/mandates_overview.html",
        rows=shown,
        typed=request.form,
        chosen=request.form.getlist("procedures"),
        boxes=day_boxes.read(request.form, "valid_to"),
        errors=[(error.field, error.say)] if error else [],
        acting=sessions.current().get(guards.ACTING),
        procedures=[(one.slug, one.title.in_(guards.lang())) for one in services().library.values()],
    )


def _titles(slugs: list[str]) -> list[str]:
    found = [services().library.get(slug) for slug in slugs]
    return [one.title.in_(guards.lang()) for one in found if one is not None]


def _day(name: str) -> date:
    boxes = day_boxes.read(request.form, name)
    if boxes.day is None:
        wrong = _("終わりの日を、年・月・日の数字で入力してください（例 2027年3月31日）。")
        raise InvalidInput(name, field=name, say=wrong)
    return boxes.day


def _me() -> Resident:
    resident = guards.current_resident()
    assert resident is not None  # the guard has made sure
    return resident
