"""「登録情報」: the declared profile, where one is signed in, one's own data, and the end of the account."""

from __future__ import annotations

import json

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock
from webapp.errors import NotFound
from webapp.identity import profile, residents
from webapp.identity import sessions as session_store
from webapp.identity.models import Resident
from webapp.intake import drafts
from webapp.ports.identity import Level
from webapp.resident import account_data, account_fields
from webapp.web import guards, sessions
from webapp.web.devices import device_name
from webapp.web.transaction import db

blueprint = Blueprint("account", __name__, url_prefix="/account")


def _me() -> Resident:
    resident = guards.current_resident()
    assert resident is not None  # the guard has made sure
    return resident


@blueprint.get("/")
@guards.resident_required
def overview() -> str:
    """Show what is registered, what the card says, and the ways on."""
    me = _me()
    is_group = me.kind == "group"
    card = residents.asserted(db(), me.id)
    if card is not None and card.level < Level.CARD and not is_group:
        card = None  # a mail address says nothing about a name
    return render_template(
        "resident/account_overview.html",
        resident=me,
        rows=account_fields.declared_rows(me.profile),
        card=card,
        card_rows=account_fields.asserted_rows(card, me.profile, is_group=is_group) if card else [],
    )


@blueprint.get("/profile")
@guards.resident_required
def edit() -> str:
    """Show the profile form."""
    typed = account_fields.typed_from(_me().profile)
    return render_template("resident/account_edit.html", fields=account_fields.fields(typed, {}), errors=[])


@blueprint.post("/profile")
@guards.resident_required
def save() -> AnyResponse | tuple[str, int]:
    """Keep the declared profile, or show the form again with everything as typed."""
    checked = profile.read(request.form)
    if checked.wrong:
        shown = account_fields.fields(checked.typed, checked.wrong)
        errors = [(f.id, f.errors[0]) for f in shown if f.errors]
        return render_template("resident/account_edit.html", fields=shown, errors=errors), 422
    residents.declare(db(), _me(), checked.values, guards.current_actor())
    flash(_("登録情報を変更しました。"), "success")
    return redirect(url_for(".overview"), code=303)


@blueprint.get("/sessions")
@guards.resident_required
def sign_ins() -> str:
    """List where the resident is signed in."""
    rows = session_store.of_resident(db(), _me().id)
    return render_template(
        "resident/account_sign_ins.html", rows=rows, here=sessions.current().row_id, device_name=device_name
    )


@blueprint.post("/sessions/<int:row_id>/end")
@guards.resident_required
def end_sign_in(row_id: int) -> AnyResponse:
    """End one of the resident's own sign-ins."""
    if not session_store.revoke(db(), row_id, resident_id=_me().id):
        raise NotFound(f"session {row_id}")
    flash(_("選んだ端末のサインインを終わらせました。"), "success")
    return redirect(url_for(".sign_ins"), code=303)


@blueprint.get("/export")
@guards.resident_required
def export() -> Response:
    """Give everything known about the resident as one file."""
    me = _me()
    body = json.dumps(account_data.everything(db(), me), ensure_ascii=False, indent=2)
    name = f"madoguchi-{clock.today().isoformat()}.json"
    return Response(
        body,
        mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@blueprint.get("/close")
@guards.resident_required
def ask_close() -> str:
    """Say what the end of the account means before it happens."""
    open_drafts = drafts.under_way(db(), drafts.Owner(_me().id))
    return render_template("resident/account_ask_close.html", drafts=open_drafts, error=None)


@blueprint.post("/close")
@guards.resident_required
def close() -> AnyResponse | tuple[str, int]:
    """End the account: profile, proofs and drafts go; submitted cases stay."""
    me = _me()
    if request.form.get("agree") != "yes":
        open_drafts = drafts.under_way(db(), drafts.Owner(me.id))
        text = _("内容を確かめて、チェックを入れてください。")
        return render_template("resident/account_ask_close.html", drafts=open_drafts, error=text), 422
    account_data.forget(db(), me, guards.current_actor())
    residents.close_account(db(), me, guards.current_actor())
    sessions.sign_out()
    return redirect(url_for("resident.sign_in.signed_out"), code=303)
