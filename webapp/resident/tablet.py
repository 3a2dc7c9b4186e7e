"""書かない窓口, the tablet: type the code the officer shows, read the card, check what is filled in, send."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.errors import NotFound, TooMany
from webapp.identity import throttle, visits
from webapp.resident import shelves
from webapp.web import guards, sessions
from webapp.web.place import place
from webapp.web.services import services
from webapp.web.transaction import commit, db
from webapp.yaml_source import Text

blueprint = Blueprint("tablet", __name__, url_prefix="/counter")


@blueprint.get("/")
@guards.visitor_or_resident
def code() -> str | Response:
    """Ask for the code; a tablet that has joined goes on."""
    if visits.running(db(), sessions.current().get(guards.VISIT)) is not None:
        return redirect(url_for(".menu"), code=303)
    return render_template("resident/tablet_code.html", error="")


@blueprint.post("/")
@guards.visitor_or_resident
def join() -> Response | tuple[str, int]:
    """Join the visit of this code. Whoever was signed in on this tablet is signed out first."""
    try:
        throttle.count(db(), "lookup.here", place())
        commit()
        visit = visits.join(db(), request.form.get("code", ""))
    except TooMany:
        commit()
        return render_template(
            "resident/tablet_code.html", error=_("しばらく待ってから入力してください。")
        ), 429
    except NotFound:
        text = _("この番号は使えません。職員に新しい番号をたずねてください。")
        return render_template("resident/tablet_code.html", error=text), 422
    mine = sessions.current()
    mine.clear()
    sessions.forget_holder()
    mine[guards.VISIT] = visit.id
    return redirect(url_for(".menu"), code=303)


@blueprint.get("/menu")
@guards.visitor_or_resident
def menu() -> str | Response:
    """Offer the card, then the procedures."""
    if visits.running(db(), sessions.current().get(guards.VISIT)) is None:
        return redirect(url_for(".code"), code=303)
    resident = guards.current_resident()
    return render_template(
        "resident/tablet_menu.html",
        resident=resident,
        shelves=_offered(),
    )


def _offered() -> list[tuple[Text, list[tuple[str, str]]]]:
    """The procedures as the catalogue has them, shelf by shelf."""
    return [
        (shelf.name, [(one.slug, one.title.in_(guards.lang())) for one in found])
        for shelf in services().city.categories
        if (found := shelves.in_category(shelf.key))
    ]


@blueprint.post("/done")
@guards.visitor_or_resident
def done() -> Response:
    """The person is ready: the tablet forgets everything."""
    sessions.sign_out()
    return redirect(url_for(".code"), code=303)
