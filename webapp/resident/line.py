"""「LINEとの連携」: link the official account's talk to oneself, see what is linked, take it back."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.messaging import linking
from webapp.web import guards
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("line", __name__, url_prefix="/line")
LONGEST_TOKEN = 200


@blueprint.get("")
@guards.resident_required
def accounts() -> str:
    """List the linked accounts."""
    return render_template(
        "resident/line_accounts.html", accounts=linking.linked(db(), _me_id()), on=_is_on()
    )


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


def _is_on() -> bool:
    return services().line is not None


def _token(text: str) -> str:
    if not _is_on() or not 0 < len(text) <= LONGEST_TOKEN:
        abort(404)
    return text
