"""Issuing a document on a case: a template filled in, or a file made elsewhere."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request
from werkzeug.wrappers import Response

from webapp.applications import issue
from webapp.applications.issue import Prepared
from webapp.casework.models import Case
from webapp.errors import InvalidInput
from webapp.staff import desk, typed
from webapp.staff.case import sent
from webapp.staff.decide import is_sample, store
from webapp.web.guards import current_actor, staff_required
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("issue", __name__, url_prefix="/cases/<reference>/issue")

MODELS = {
    "mailed": (
        "「郵送しました」のお知らせ",
        "notice",
        "郵送のお知らせ",
        "ご申請の書類を、{today}に郵送しました。数日のうちにお手元に届きます。\n1週間を過ぎても届かないときは、お問い合わせください。",
    ),
    "ready": (
        "「窓口でお渡しします」のお知らせ",
        "notice",
        "お渡しの準備ができました",
        "ご申請の書類の準備ができました。\n本人確認書類をお持ちのうえ、窓口にお越しください。",
    ),
    "letter": ("自由な文面", "letter", "", ""),
}
"""Key -> what staff choose, template, title, first text."""


@blueprint.get("")
@staff_required("case.issue")
def show(reference: str) -> str:
    case = desk.case_for(reference, "case.issue")
    desk.viewed(case)
    return _form(case, {})


@blueprint.post("")
@staff_required("case.issue")
def give(reference: str) -> Response | tuple[str, int]:
    case = desk.case_for(reference, "case.issue")
    try:
        expires_on = typed.day(request.form, "expires_on", required=False)
        prepared = _upload() if request.form.get("_action") == "upload" else _letter(case)
        if request.form.get("_action") == "preview":
            return sent(prepared.data, prepared.media_type, prepared.filename)
        store(prepared)
        db().refresh(case, with_for_update=True)
        issue.issue(db(), case, prepared, current_actor(), expires_on=expires_on)
    except InvalidInput as wrong:
        db().rollback()
        return _form(case, {wrong.field or "body": wrong.say or "入力を確かめてください。"}), 422
    flash("文書を交付し、申請者に知らせました。", "success")
    return desk.to_case(case, "documents")


def _letter(case: Case) -> Prepared:
    form = request.form
    model = form.get("model", "letter")
    template = MODELS.get(model, MODELS["letter"])[1]
    body = form.get("body", "")
    if not body.strip():
        raise InvalidInput("no body", field="body", say="本文を入力してください。")
    rows = [{"label": "手続き", "text": str(case.title.get("ja") or "")}] if template == "notice" else []
    return issue.prepare_letter(
        services().city,
        case,
        template,
        kind="notice" if template == "notice" else "letter",
        title=form.get("title", ""),
        fields={"body": body, "rows": rows},
        sample=is_sample(case),
    )


def _upload() -> Prepared:
    file = request.files.get("file")
    return issue.prepare_upload(
        request.form.get("file_title", ""), file.filename or "" if file else "", file.read() if file else b""
    )


def _form(case: Case, errors: dict[str, str]) -> str:
    from webapp import clock
    from webapp.calendar.era import format_era

    form = request.form if request.method == "POST" else None
    model = (form or request.args).get("model", "mailed")
    chosen = MODELS.get(model, MODELS["letter"])
    field = desk.typed_field
    return render_template(
        "staff/issue_show.html",
        case=case,
        models={key: one[0] for key, one in MODELS.items()},
        model=model,
        title=field(form, "title", "題名", value=chosen[2], required=True, errors=errors),
        body=field(
            form,
            "body",
            "本文",
            type="textarea",
            lines=8,
            value=chosen[3].format(today=format_era(clock.today())),
            required=True,
            errors=errors,
        ),
        expires=field(
            form,
            "expires_on",
            "開ける期限",
            type="date",
            errors=errors,
            hint="空のときは、保存期間が終わるまで開けます。",
        ),
        file_title=field(form, "file_title", "題名", required=True, errors=errors),
        file_error=errors.get("file"),
        errors=errors,
        error_list=desk.error_list(errors),
    )
