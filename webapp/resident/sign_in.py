"""Signing in: choose a way, go to the provider, come back, go on where one was."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.errors import Unavailable
from webapp.identity import flows, throttle
from webapp.ports.identity import IdentityProvider, IdentityRefused, Level, Want
from webapp.resident import sign, sign_in_link, sign_in_refused
from webapp.web import errors, guards, held, next_page, sessions
from webapp.web.place import place
from webapp.web.services import services
from webapp.web.transaction import begin_writing, commit, db

blueprint = Blueprint("sign_in", __name__)
AFTER = "resident.my.overview"


@blueprint.get("/sign-in")
@guards.visitor_or_resident
def sign_in() -> str:
    """Offer the ways to prove who one is, as strong as the page that asks needs."""
    wanted = _wanted_level(request.args.get("level"))
    return render_template(
        "resident/sign_in_sign_in.html",
        providers=[plug for plug in services().identity.values() if plug.level >= min(wanted, Level.CARD)],
        next=request.args.get("next", ""),
        level=wanted.key,
        is_step_up=guards.current_resident() is not None,
        is_held=held.KEY in sessions.current(),
    )


@blueprint.post("/sign-in/card")
@guards.visitor_or_resident
def card() -> Response:
    """Open a flow and send the browser to the provider."""
    throttle.count(db(), "flow.here", place())
    provider = _provider(request.form.get("provider"))
    level = _wanted_level(request.form.get("level"))
    begun = provider.begin(Want(level), redirect_uri=sign_in_refused.redirect_uri())
    flows.open_flow(
        db(),
        begun,
        provider=provider.id,
        browser=sign_in_refused.browser(),
        level=level,
        resume=next_page.parse(request.form.get("next"), side="resident") or {},
    )
    return redirect(begun.redirect_to, code=303)


@blueprint.get("/sign-in/callback")
@guards.visitor_or_resident
def callback() -> Response:
    """Take the flow once, ask the provider with no transaction open, then sign the resident in."""
    begin_writing()
    resume: dict[str, Any] = {}
    level: Level | None = None
    try:
        flow = flows.take(db(), request.args.get("state", ""), sessions.current().get("browser"))
        commit()
        resume, level = flow.resume, Level(flow.level)
        if flow.purpose == "sign":
            return sign.finish(flow)
        want = Want(level)
        assertion = _provider(flow.provider).complete(
            request.args.to_dict(),
            state=flow.secrets["state"],
            secrets=flow.secrets,
            want=want,
            redirect_uri=sign_in_refused.redirect_uri(),
        )
        return sign_in_link.arrived(assertion, resume, AFTER)
    except IdentityRefused as refusal:
        return sign_in_refused.page(refusal, resume, level)


@blueprint.get("/sign-in/again")
@guards.visitor_or_resident
def send_again() -> Response:
    """Show what was typed before the session ended, with one button to send it."""
    post = held.kept()
    if post is None:
        return redirect(url_for(AFTER), code=303)
    return errors.send_again_page(post["path"], [tuple(pair) for pair in post["typed"]], post["files"])


@blueprint.post("/sign-out")
@guards.visitor_or_resident
def sign_out() -> Response:
    """End the session; the card app itself holds none of ours."""
    sessions.sign_out()
    return redirect(url_for("resident.sign_in.signed_out"), code=303)


@blueprint.get("/signed-out")
@guards.public
def signed_out() -> str:
    """Say that it is done."""
    return render_template("resident/sign_in_signed_out.html")


def _provider(key: str | None = None) -> IdentityProvider:
    plugs = services().identity
    found = plugs.get(key or "") or next(iter(plugs.values()), None)
    if found is None:
        raise Unavailable(
            "no identity plug", say=_("カードでの本人確認は、いま使えません。窓口か電話でご相談ください。")
        )
    return found


def _wanted_level(key: str | None) -> Level:
    return Level.from_key(key) if key in ("contact", "account", "card", "signed") else Level.CARD
