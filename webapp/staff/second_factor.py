"""The second step of staff sign-in, and proving oneself again before a dangerous action."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import audit, clock
from webapp.audit import Actor
from webapp.errors import TooMany
from webapp.identity import factors, passkeys, staff_accounts, staff_links, staff_sign_in, throttle
from webapp.identity.models import Staff
from webapp.web import guards, next_page, sessions
from webapp.web.place import place
from webapp.web.services import services
from webapp.web.transaction import commit, db

blueprint = Blueprint("second_factor", __name__)
WAITING = "second_factor"
PATIENCE = timedelta(minutes=10)
WRONG = "確かめられませんでした。新しいコードで、もう一度お試しください。"
STOPPED = "失敗が続いたため止めています。15分ほど待ってから、もう一度お試しください。"


def wait_for(staff: Staff, wish: str) -> None:
    """Remember, on the server, whose password was right a moment ago."""
    sessions.current()[WAITING] = {"staff": staff.id, "next": wish, "at": clock.now().isoformat()}


def let_in(staff: Staff, wish: str, *, has_factor: bool) -> Response:
    """Sign the officer in and go on; production insists on a second factor first."""
    mine = sessions.current()
    mine.pop(WAITING, None)
    sessions.sign_in_staff(staff)
    if has_factor or services().settings.is_demo:
        mine.pop("needs_factor", None)
    else:
        mine["needs_factor"] = True
    resume = next_page.parse(wish, side="staff")
    return redirect(next_page.url(resume, fallback="staff.inbox.home"), code=303)


def site() -> passkeys.Site:
    """Return where passkeys belong."""
    base = services().settings.base_url
    if services().settings.is_demo:
        base = request.host_url.rstrip("/")  # the demo runs under any name of this machine
    return passkeys.Site(base, urlsplit(base).hostname or "", services().city.name.ja)


@blueprint.get("/sign-in/second")
@guards.public
def ask() -> str | Response:
    """Ask for the passkey, a one-time code, or a recovery code."""
    staff = _waiting()
    return _to_start() if staff is None else _page(staff, "")


@blueprint.post("/sign-in/second")
@guards.public
def prove() -> Response | tuple[str, int]:
    """Check whichever was given."""
    staff = _waiting()
    if staff is None:
        return _to_start()
    try:
        throttle.count(db(), "second_factor", str(staff.id))
    except TooMany:
        commit()
        return _page(staff, STOPPED), 429
    commit()
    how = _proved(staff)
    actor = Actor("staff", str(staff.id), staff.name)
    if how is None:
        audit.record(db(), actor, "staff.second_factor_refused", object_kind="staff", object_id=staff.id)
        return _page(staff, WRONG), 422
    throttle.clear(db(), "second_factor", str(staff.id))
    details = {"how": how}
    audit.record(db(), actor, "staff.second_factor", object_kind="staff", object_id=staff.id, details=details)
    return let_in(staff, sessions.current()[WAITING]["next"], has_factor=True)


@blueprint.get("/confirm")
@guards.staff_required("staff.home")
def confirm() -> str:
    """Ask for the password again before a dangerous action."""
    return _confirm_page("")


@blueprint.post("/confirm")
@guards.staff_required("staff.home")
def confirmed() -> Response | tuple[str, int]:
    """Check it and go on; the session gets a new token."""
    staff = guards.current_staff()
    assert staff is not None
    try:
        staff_sign_in.count_attempt(db(), staff.login, place())
    except TooMany:
        commit()
        return _confirm_page(STOPPED), 429
    commit()
    try:
        staff_sign_in.check(staff, request.form.get("password", ""))
    except staff_sign_in.WrongCredentials:
        return _confirm_page("パスワードが違います。もう一度入力してください。"), 422
    sessions.sign_in_staff(staff)
    resume = next_page.parse(request.form.get("next"), side="staff")
    return redirect(next_page.url(resume, fallback="staff.inbox.home"), code=303)


def _proved(staff: Staff) -> str | None:
    if credential := request.form.get("credential"):
        challenge = sessions.current()[WAITING].get("challenge", "")
        return "passkey" if passkeys.prove(db(), staff.id, site(), credential, challenge) else None
    code = request.form.get("code", "")
    if factors.check_code(db(), staff.id, code):
        return "totp"
    return "recovery" if factors.use_recovery_code(db(), staff.id, code) else None


def _waiting() -> Staff | None:
    waiting: dict[str, Any] | None = sessions.current().get(WAITING)
    if waiting is None or clock.now() - datetime.fromisoformat(waiting["at"]) > PATIENCE:
        return None
    return staff_accounts.get(db(), waiting["staff"])


def _page(staff: Staff, error: str) -> str:
    options, challenge = passkeys.begin_proving(db(), staff.id, site())
    mine = sessions.current()
    mine[WAITING] = {**mine[WAITING], "challenge": challenge}
    kinds = {factor.kind for factor in factors.of_staff(db(), staff.id)}
    return render_template("staff/second_factor_ask.html", options=options, kinds=kinds, error=error)


def _confirm_page(error: str) -> str:
    staff = guards.current_staff()
    assert staff is not None
    is_linked = services().staff_identity is not None and staff_links.is_linked(db(), staff)
    return render_template(
        "staff/second_factor_confirm.html",
        error=error,
        next=request.values.get("next", ""),
        shared=services().staff_identity if is_linked else None,
        has_password=staff.password_hash is not None,
    )


def _to_start() -> Response:
    return redirect(url_for("staff.sign_in.sign_in"), code=303)
