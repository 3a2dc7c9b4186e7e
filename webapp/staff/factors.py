"""The own second factors and sign-ins: passkeys, authenticator apps, recovery codes, other browsers."""

from __future__ import annotations

import io

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from webapp.errors import Forbidden, InvalidInput, NotFound
from webapp.identity import factors as store
from webapp.identity import passkeys
from webapp.identity import sessions as session_store
from webapp.identity.models import Staff
from webapp.identity.staff_models import StaffFactor
from webapp.staff.second_factor import site
from webapp.web import guards, sessions
from webapp.web.devices import device_name
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("factors", __name__, url_prefix="/factors")
CHALLENGE = "passkey_challenge"


@blueprint.get("/")
@guards.staff_required("staff.home")
def factors() -> str:
    """List the own factors and sign-ins."""
    me = _me()
    return render_template(
        "staff/factors_factors.html",
        factors=store.of_staff(db(), me.id),
        codes_left=store.recovery_codes_left(db(), me.id),
        sign_ins=session_store.of_staff(db(), me.id),
        here=sessions.current().row_id,
        device_name=device_name,
        is_forced=bool(sessions.current().get("needs_factor")),
    )


@blueprint.post("/app")
@guards.staff_required("staff.home")
def add_app() -> Response | str:
    """Begin with an authenticator app: show the picture and ask for the first code."""
    if (away := guards.prove_again()) is not None:
        return away
    return _app_page(store.begin_totp(db(), _me(), request.form.get("label", "")), None)


@blueprint.post("/app/<int:factor_id>")
@guards.staff_required("staff.home")
def confirm_app(factor_id: int) -> Response | tuple[str, int]:
    """Take the first code."""
    me = _me()
    try:
        store.confirm_totp(db(), me, factor_id, request.form.get("code", ""), guards.current_actor())
    except InvalidInput as error:
        factor = db().get(StaffFactor, factor_id)
        if factor is None or factor.staff_id != me.id:
            raise NotFound("factor") from error
        return _app_page(factor, error), 422
    return _added("認証アプリを登録しました。")


@blueprint.get("/passkey")
@guards.staff_required("staff.home")
def new_passkey() -> str | Response:
    """Show the button that lets the browser make a passkey."""
    if (away := guards.prove_again()) is not None:
        return away
    options, challenge = passkeys.begin_adding(db(), _me(), site())
    sessions.current()[CHALLENGE] = challenge
    return render_template("staff/factors_passkey.html", options=options, error="")


@blueprint.post("/passkey")
@guards.staff_required("staff.home")
def add_passkey() -> Response | tuple[str, int]:
    """Keep the passkey the browser made."""
    challenge = sessions.current().pop(CHALLENGE, "")
    credential, label = request.form.get("credential", ""), request.form.get("label", "")
    try:
        passkeys.add(db(), _me(), site(), credential, challenge, label, guards.current_actor())
    except InvalidInput as error:
        options, challenge = passkeys.begin_adding(db(), _me(), site())
        sessions.current()[CHALLENGE] = challenge
        return render_template("staff/factors_passkey.html", options=options, error=error.say), 422
    return _added("パスキーを登録しました。")


@blueprint.post("/<int:factor_id>/remove")
@guards.staff_required("staff.home")
def remove(factor_id: int) -> Response:
    """Remove a factor; the last one stays where one is required."""
    if (away := guards.prove_again()) is not None:
        return away
    me = _me()
    if len(store.of_staff(db(), me.id)) == 1 and not services().settings.is_demo:
        raise Forbidden("last factor", say="最後の一つは消せません。先に別の方法を登録してください。")
    store.remove(db(), me, factor_id, guards.current_actor())
    session_store.revoke_all(db(), staff_id=me.id, except_token=sessions.current().token)
    flash("登録を消しました。ほかの端末のサインインは終わらせました。", "success")
    return redirect(url_for(".factors"), code=303)


@blueprint.post("/recovery")
@guards.staff_required("staff.home")
def recovery() -> str | Response:
    """Make ten recovery codes and show them this once."""
    if (away := guards.prove_again()) is not None:
        return away
    codes = store.new_recovery_codes(db(), _me(), guards.current_actor())
    return render_template("staff/factors_recovery.html", codes=codes)


@blueprint.post("/sign-ins/<int:row_id>/end")
@guards.staff_required("staff.home")
def end_sign_in(row_id: int) -> Response:
    """End one of the own sign-ins."""
    if not session_store.revoke(db(), row_id, staff_id=_me().id):
        raise NotFound(f"session {row_id}")
    flash("選んだ端末のサインインを終わらせました。", "success")
    return redirect(url_for(".factors"), code=303)


def _added(text: str) -> Response:
    sessions.current().pop("needs_factor", None)
    session_store.revoke_all(db(), staff_id=_me().id, except_token=sessions.current().token)
    flash(text, "success")
    return redirect(url_for(".factors"), code=303)


def _app_page(factor: StaffFactor, error: InvalidInput | None) -> str:
    address = store.address_of(factor, _me(), f"{services().city.name.ja} 窓口")
    return render_template(
        "staff/factors_app.html",
        factor=factor,
        picture=_picture(address),
        secret=factor.secret.decode(),
        error=error,
    )


def _picture(address: str) -> Markup:
    out = io.BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", scale=5, xmldecl=False, svgns=False, title="認証アプリで読み取る2次元コード"
    )
    return Markup(out.getvalue().decode())  # noqa: S704 - made by segno from our own address, nothing typed


def _me() -> Staff:
    staff = guards.current_staff()
    assert staff is not None
    return staff
