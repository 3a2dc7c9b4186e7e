"""The account a refund goes to, asked for by its own link; kept encrypted, deleted after the transfer."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.errors import IllegalStep, InvalidInput
from webapp.payment import give_back, refunds
from webapp.payment.models import Refund
from webapp.web.guards import visitor_or_resident
from webapp.web.transaction import db
from webapp.web.widgets import FieldView

blueprint = Blueprint("refund", __name__)


@blueprint.get("/refund/<token>")
@visitor_or_resident
def account(token: str) -> str:
    return _page(refunds.by_token(db(), token), {}, None)


@blueprint.post("/refund/<token>")
@visitor_or_resident
def give(token: str) -> Response | tuple[str, int]:
    refund = refunds.by_token(db(), token)
    try:
        give_back.give_bank_details(db(), refund, request.form)
    except (InvalidInput, IllegalStep) as wrong:
        db().rollback()
        return _page(refunds.by_token(db(), token), request.form.to_dict(), wrong), 422
    flash(_("振込先を登録しました。振り込みが終わったらお知らせします。"), "success")
    return redirect(url_for("resident.refund.account", token=token), 303)


def _page(refund: Refund, typed: dict[str, str], wrong: InvalidInput | IllegalStep | None) -> str:
    where = (wrong.field or "") if isinstance(wrong, InvalidInput) else ""
    fields = _fields(typed, where, wrong.say if wrong else None)
    return render_template(
        "resident/refund_account.html",
        refund=refund,
        charge=refund.charge,
        fields=fields,
        errors=[(field.id, field.errors[0]) for field in fields if field.errors],
        asks=refund.method == "bank" and refund.status in ("proposed", "approved"),
    )


def _fields(typed: dict[str, str], wrong: str, say: str | None) -> list[FieldView]:
    texts = [
        ("bank_name", "text", _("金融機関の名前"), _("例：みほん銀行")),
        ("bank_code", "text", _("金融機関コード"), _("4桁の数字。通帳やキャッシュカードにあります")),
        ("branch_name", "text", _("支店の名前"), None),
        ("branch_code", "text", _("支店コード"), _("3桁の数字")),
        ("kind", "radio", _("口座の種類"), None),
        ("number", "text", _("口座番号"), _("7桁までの数字")),
        ("holder_kana", "text", _("口座の名義（カタカナ）"), _("例：ミホン ハナコ")),
    ]
    return [
        FieldView(
            path=key,
            id=key,
            name=key,
            type=kind,
            label=label,
            hint=hint,
            required=True,
            value=typed.get(key, ""),
            errors=[say or ""] if key == wrong else [],
            options=[("ordinary", _("普通"), None), ("current", _("当座"), None)] if kind == "radio" else (),
            inputmode="numeric" if key in ("bank_code", "branch_code", "number") else None,
            autocomplete="off",
        )
        for key, kind, label, hint in texts
    ]
