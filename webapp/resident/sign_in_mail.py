"""Signing in by a code sent to one's mail address."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.errors import InvalidInput, TooMany
from webapp.identity import mail_codes, throttle
from webapp.intake import drafts
from webapp.messaging.tell import Recipient, tell
from webapp.ports.identity import Level
from webapp.web import guards, next_page, sessions
from webapp.web.place import place
from webapp.web.transaction import commit, db

blueprint = Blueprint("sign_in_mail", __name__)
TICKET = "mail_ticket"


@blueprint.get("/sign-in/mail")
@guards.visitor_or_resident
def address() -> str:
    """Ask for the address."""
    return _address_page("")


@blueprint.post("/sign-in/mail")
@guards.visitor_or_resident
def send() -> Response | tuple[str, int]:
    """Send a code; the answer does not tell whether the address is known."""
    typed = request.form.get("address", "").strip()
    resume = next_page.parse(request.form.get("next"), side="resident") or {}
    try:
        mail_codes.count_request(db(), typed, place())
        commit()
        ticket, code = mail_codes.ask(db(), typed, resume)
    except TooMany:
        commit()
        return _address_page(_("回数が多すぎます。30分ほど待ってから、もう一度お試しください。")), 429
    except InvalidInput:
        return _address_page(_("メールアドレスの形を確かめて、もう一度入力してください。")), 422
    recipient = Recipient(email=typed, lang=guards.lang())
    tell(db(), "mail_check", recipient, data={"password": code}, dedupe_key=f"mail-ticket:{ticket.id}")
    sessions.current()[TICKET] = ticket.id
    return redirect(url_for(".code"), code=303)


@blueprint.get("/sign-in/mail/code")
@guards.visitor_or_resident
def code() -> str | Response:
    """Ask for the code, in the browser that asked for it."""
    if TICKET not in sessions.current():
        return redirect(url_for(".address"), code=303)
    return render_template("resident/sign_in_mail_code.html", error="")


@blueprint.post("/sign-in/mail/code")
@guards.visitor_or_resident
def enter() -> Response | tuple[str, int]:
    """Take the code and sign in; five wrong ones end the ticket."""
    throttle.count(db(), "resident_sign_in.here", place())
    commit()
    found = mail_codes.take(db(), sessions.current().get(TICKET), request.form.get("code", ""))
    if found is None:
        text = _("番号が違うか、時間が過ぎています。もう一度入力するか、新しい番号を送ってください。")
        return render_template("resident/sign_in_mail_code.html", error=text), 422
    resident, ticket = found
    drafts.claim(db(), drafts.Owner(resident.id, frozenset(sessions.owned("draft"))))
    sessions.current().pop(TICKET, None)
    sessions.sign_in_resident(resident.id, int(Level.ACCOUNT))
    return redirect(next_page.url(ticket.resume, fallback="resident.my.overview"), code=303)


def _address_page(error: str) -> str:
    return render_template(
        "resident/sign_in_mail_address.html",
        error=error,
        typed=request.form.get("address", ""),
        next=request.values.get("next", ""),
    )
