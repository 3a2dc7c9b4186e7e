"""書かない窓口, the officer's side: open a visit, hand over the tablet, end it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from webapp.identity import visits
from webapp.identity.models import Staff
from webapp.web import guards
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("counter", __name__, url_prefix="/counter")


@blueprint.get("/")
@guards.staff_required("case.enter")
def overview() -> str:
    """List the visits that go on."""
    return _page(None)


@blueprint.post("/")
@guards.staff_required("case.enter")
def start() -> str:
    """Open a visit and show the code for the tablet."""
    _visit, code = visits.start(db(), _me(), guards.current_actor())
    return _page(code)


@blueprint.post("/<int:number>/end")
@guards.staff_required("case.enter")
def end(number: int) -> Response:
    """End a visit; the tablet forgets the person at once."""
    visits.end(db(), visits.get(db(), number, _me()), guards.current_actor())
    flash("終わりました。タブレットの画面は消えています。", "success")
    return redirect(url_for(".overview"), code=303)


def _page(code: str | None) -> str:
    return render_template(
        "staff/counter_overview.html",
        code=code,
        visits=visits.of_staff(db(), _me()),
        tablet=services().settings.base_url + url_for("resident.tablet.code"),
    )


def _me() -> Staff:
    staff = guards.current_staff()
    assert staff is not None
    return staff
