"""Staff sign-in by password."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import audit
from webapp.errors import TooMany
from webapp.identity import factors, staff_sign_in
from webapp.identity.models import Staff
from webapp.staff import second_factor
from webapp.web import errors, guards, held, sessions
from webapp.web.place import place
from webapp.web.services import services
from webapp.web.transaction import commit, db

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
@guards.public
def sign_in() -> str:
    """Show the form."""
    return _page()


@blueprint.post("/sign-in")
@guards.public
def enter() -> Response | tuple[str, int]:
    """Count, check with no transaction open, sign in."""
    login, password = request.form.get("login", ""), request.form.get("password", "")
    try:
        staff_sign_in.count_attempt(db(), login, place())
    except TooMany as error:
        commit()
        minutes = -(-error.retry_after // 60)
        return _page(login, f"失敗が続いたため止めています。約{minutes}分後にもう一度お試しください。"), 429
    found = staff_sign_in.find(db(), login)
    commit()
    try:
        staff = staff_sign_in.check(found, password)
    except staff_sign_in.WrongCredentials:
        staff_sign_in.failed(db(), found)
        return _page(login, "職員IDかパスワードが違います。確かめて、もう一度入力してください。"), 422
    return _passed_password(staff_sign_in.succeeded(db(), staff, password, place()))


@blueprint.get("/sign-in/again")
@guards.staff_required("staff.home")
def send_again() -> Response:
    """Show what was typed before the session ended, with one button to send it."""
    post = held.kept()
    if post is None:
        return redirect(url_for("staff.inbox.home"), code=303)
    return errors.send_again_page(post["path"], [tuple(pair) for pair in post["typed"]], post["files"])


@blueprint.post("/sign-out")
@guards.public
def sign_out() -> Response:
    """End the session."""
    actor = guards.current_actor()
    if actor.id:
        audit.record(db(), actor, "staff.sign_out", object_kind="staff", object_id=actor.id)
    sessions.sign_out()
    return redirect(url_for("staff.sign_in.sign_in"), code=303)


def _passed_password(staff: Staff) -> Response:
    """Go on to the second factor, or in; without one, production leads to setting one up first."""
    wish = request.form.get("next", "")
    if factors.of_staff(db(), staff.id):
        second_factor.wait_for(staff, wish)
        return redirect(url_for("staff.second_factor.ask"), code=303)
    return second_factor.let_in(staff, wish, has_factor=False)


def _page(login: str = "", error: str = "") -> str:
    return render_template(
        "staff/sign_in_sign_in.html",
        login=login,
        error=error,
        next=request.values.get("next", ""),
        shared=services().staff_identity,
        is_held=held.KEY in sessions.current(),
    )
