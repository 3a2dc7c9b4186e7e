"""A card read by somebody who is signed in already: is it theirs? Asked once, never decided silently."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp import clock
from webapp.identity import flows, linking, residents, visits
from webapp.identity.models import Resident
from webapp.intake import drafts
from webapp.ports.identity import Assertion
from webapp.web import guards, next_page, sessions
from webapp.web.transaction import db

blueprint = Blueprint("sign_in_link", __name__)
WAITING = "link_waiting"


def arrived(assertion: Assertion, resume: dict[str, Any], after: str) -> Response:
    """Sign the person of a proof in, or ask first whether it belongs to who is signed in now."""
    me = guards.current_resident()
    at_counter = visits.running(db(), sessions.current().get(guards.VISIT))
    if me is not None and at_counter is None and linking.should_ask(db(), me, assertion):
        kept = {"assertion": linking.to_json(assertion), "resume": resume, "at": clock.now().isoformat()}
        sessions.current()[WAITING] = kept
        return redirect(url_for("resident.sign_in_link.ask"), code=303)
    resident = residents.sign_in(db(), assertion)
    drafts.claim(db(), drafts.Owner(resident.id, frozenset(sessions.owned("draft"))))
    sessions.sign_in_resident(resident.id, int(assertion.level), assertion.authenticated_at)
    if at_counter is not None:
        visits.identified(db(), at_counter, resident)
    return redirect(next_page.url(resume, fallback=after), code=303)


@blueprint.get("/sign-in/link")
@guards.resident_required
def ask() -> str | Response:
    """Show both names and ask."""
    waiting = _waiting()
    if waiting is None:
        return redirect(url_for("resident.my.overview"), code=303)
    assertion = linking.from_json(waiting["assertion"])
    return render_template(
        "resident/sign_in_link_ask.html",
        resident=_me(),
        card=assertion,
        is_known=residents.link_of(db(), assertion) is not None,
    )


@blueprint.post("/sign-in/link")
@guards.resident_required
def answer() -> Response:
    """Take the answer: one account for both, what was begun goes along, or two accounts."""
    waiting = _waiting()
    sessions.current().pop(WAITING, None)
    if waiting is None:
        return redirect(url_for("resident.my.overview"), code=303)
    me, assertion = _me(), linking.from_json(waiting["assertion"])
    is_same = request.form.get("answer") == "same"
    mine = frozenset(sessions.owned("draft"))
    if is_same and residents.link_of(db(), assertion) is None:
        person = linking.link(db(), me, assertion)
        flash(_("カードをこの登録に結びつけました。次からはカードだけでサインインできます。"), "success")
    else:
        person = residents.sign_in(db(), assertion)
        if is_same:
            drafts.hand_over(db(), me.id, drafts.Owner(person.id, mine), guards.current_actor())
            flash(_("書きかけの申請を、カードの登録に移しました。"), "success")
    sessions.sign_in_resident(person.id, int(assertion.level), assertion.authenticated_at)
    return redirect(next_page.url(waiting["resume"], fallback="resident.my.overview"), code=303)


def _waiting() -> dict[str, Any] | None:
    """What the card said, for as long as a flow lives."""
    waiting: dict[str, Any] | None = sessions.current().get(WAITING)
    if waiting is None or clock.now() - datetime.fromisoformat(waiting["at"]) > flows.LIFE:
        return None
    return waiting


def _me() -> Resident:
    resident = guards.current_resident()
    assert resident is not None  # the guard has made sure
    return resident
