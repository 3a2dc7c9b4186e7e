"""「LINEとの連携」: link LINE accounts to oneself (from the talk, or by LINE Login), see them, unlink."""

from __future__ import annotations

import logging
from dataclasses import replace

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.identity import flows, throttle
from webapp.messaging import linking
from webapp.ports.identity import Cancelled, IdentityRefused, Level, ProtocolBroken, ProviderDown
from webapp.ports.line import LineLogin, LinePort, LineUnavailable
from webapp.resident import sign_in_refused
from webapp.web import guards, sessions
from webapp.web.place import place
from webapp.web.services import services
from webapp.web.transaction import begin_writing, commit, db

blueprint = Blueprint("line", __name__, url_prefix="/line")
LONGEST_TOKEN = 200
CALLBACK = "resident.line.returned"
log = logging.getLogger(__name__)


@blueprint.get("")
@guards.resident_required
def accounts() -> str:
    """List the linked accounts."""
    line = services().line
    return render_template(
        "resident/line_accounts.html",
        accounts=linking.linked(db(), _me_id()),
        on=line is not None,
        has_login=line is not None and line.login is not None,
    )


@blueprint.post("/login")
@guards.resident_required
def login() -> Response:
    """Send the browser to LINE Login, to learn which LINE account is the signed-in resident's."""
    throttle.count(db(), "flow.here", place())
    begun = _login()[1].begin(sign_in_refused.redirect_uri(CALLBACK))
    flows.open_flow(
        db(),
        replace(begun, secrets={**begun.secrets, "resident": str(_me_id())}),
        provider="line",
        browser=sign_in_refused.browser(),
        level=Level.ANONYMOUS,
        resume={},
        purpose="line",
    )
    return redirect(begun.redirect_to, code=303)


@blueprint.get("/login/callback")
@guards.resident_required
def returned() -> Response:
    """Take the flow once, ask LINE with no transaction open, then link. Signs nobody in."""
    begin_writing()
    line, line_login = _login()
    try:
        flow = flows.take(
            db(), request.args.get("state", ""), sessions.current().get("browser"), purposes=("line",)
        )
        commit()
        if flow.secrets["resident"] != str(_me_id()):
            raise ProtocolBroken("other_resident")
        user_id = line_login.complete(
            request.args.to_dict(),
            state=flow.secrets["state"],
            secrets=flow.secrets,
            redirect_uri=sign_in_refused.redirect_uri(CALLBACK),
        )
        follows = _follows(line, user_id)
    except IdentityRefused as refusal:
        log.warning("LINE Login refused: %s", refusal.code)
        flash(_refused(refusal), "info" if isinstance(refusal, Cancelled) else "error")
        return redirect(url_for(".accounts"), code=303)
    linking.logged_in(db(), user_id, _me_id(), guards.current_actor(), reachable=follows)
    if follows:
        flash(_("LINEと連携しました。手続きのお知らせを、LINEにお送りします。"), "success")
    else:
        flash(
            _("LINEと連携しました。市の公式アカウントを友だちに追加すると、LINEにお送りします。"), "success"
        )
    return redirect(url_for(".accounts"), code=303)


@blueprint.get("/link")
@guards.resident_required
def ask() -> str:
    """Say what linking means before it happens."""
    token = _token(request.args.get("linkToken", ""))
    return render_template("resident/line_ask.html", token=token)


@blueprint.post("/link")
@guards.resident_required
def link() -> str:
    """Make the nonce and lead back to LINE, which asks the phone once more."""
    token = _token(request.form.get("token", ""))
    line = services().line
    assert line is not None  # _token has made sure
    address = line.link_address(token, linking.start(db(), _me_id()))
    return render_template("resident/line_finish.html", address=address)


@blueprint.post("/<int:account_id>/unlink")
@guards.resident_required
def unlink(account_id: int) -> Response:
    """Take a link back."""
    linking.unlink(db(), account_id, _me_id(), guards.current_actor())
    flash(_("LINEとの連携を解除しました。手続きのお知らせは、メールでお送りします。"), "success")
    return redirect(url_for(".accounts"), code=303)


def _me_id() -> int:
    resident = guards.current_resident()
    assert resident is not None  # the guard has made sure
    return resident.id


def _login() -> tuple[LinePort, LineLogin]:
    line = services().line
    if line is None or line.login is None:
        abort(404)
    return line, line.login


def _follows(line: LinePort, user_id: str) -> bool:
    try:
        return line.is_friend(user_id)
    except LineUnavailable as error:
        raise ProviderDown(str(error)) from error


def _refused(refusal: IdentityRefused) -> str:
    say: str = _("LINEとの連携を確認できませんでした。もう一度、はじめから行ってください。")
    if isinstance(refusal, Cancelled):
        say = _("LINEとの連携をやめました。何も変わっていません。")
    elif isinstance(refusal, ProviderDown):
        say = _("LINEから返事がありません。時間をおいて、もう一度お試しください。")
    return say


def _token(text: str) -> str:
    if services().line is None or not 0 < len(text) <= LONGEST_TOKEN:
        abort(404)
    return text
