"""One case as its resident sees it: where it stands, what to do, messages, documents, the way out."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from webapp.applications import again as apply_again
from webapp.applications import issue
from webapp.applications import withdraw as withdrawal
from webapp.casework import thread
from webapp.casework.models import Case
from webapp.errors import InvalidInput, NotFound
from webapp.form_engine.guard import contains_individual_number
from webapp.identity import throttle
from webapp.intake import files
from webapp.resident import applicant, apply_files, case_page, desk
from webapp.resident.case_access import open_case, remember, with_password
from webapp.web import guards, held, quotas, sessions, transaction
from webapp.web.downloads import disposition
from webapp.web.guards import visitor_or_resident
from webapp.web.place import place
from webapp.web.services import services
from webapp.web.transaction import commit, db

blueprint = Blueprint("cases", __name__)
Answer = str | AnyResponse | tuple[str, int]


@blueprint.get("/cases")
@visitor_or_resident
def find() -> str:
    return _find_page(request.args.get("reference", ""), [])


@blueprint.post("/cases")
@visitor_or_resident
def look_up() -> Answer:
    reference, password = request.form.get("reference", ""), request.form.get("password", "")
    throttle.count(db(), "lookup.here", place())
    throttle.count(db(), "lookup.reference", reference.strip().upper())
    commit()  # a rolled-back count would be no count
    empty = [
        (name, say)
        for name, text, say in (
            ("reference", reference, _("受付番号を入れてください。")),
            ("password", password, _("照会用パスワードを入れてください。")),
        )
        if not text.strip()
    ]
    try:
        case = with_password(reference, password)
    except NotFound:
        wrong = _("受付番号かパスワードが違います。受付の画面や控えのとおりに入れてください。")
        errors = empty or [("reference", wrong)]
        return _find_page(reference, errors), 422
    remember(case)
    if _is_held(case.reference):
        return redirect(url_for("resident.sign_in.send_again"), 303)
    return redirect(url_for(".case", reference=case.reference), 303)


@blueprint.get("/cases/<reference>")
@visitor_or_resident
def case(reference: str) -> Answer:
    try:
        found = open_case(reference)
    except NotFound:
        return redirect(url_for(".find", reference=reference))
    transaction.afterwards(lambda session: case_page.read(session, found.id))
    return case_page.page(found)


@blueprint.post("/cases/<reference>/messages")
@visitor_or_resident
def message(reference: str) -> Answer:
    found = open_case(reference)
    body = request.form.get("body", "")
    if contains_individual_number(body):
        text = _("マイナンバー（個人番号）は書かないでください。番号を消して、送り直してください。")
        return case_page.page(found, errors=[("body", text)]), 422
    try:
        thread.post(db(), found, body, guards.current_actor())
    except InvalidInput:
        text = _("メッセージを4000文字以内で書いてください。")
        return case_page.page(found, errors=[("body", text)], body=body), 422
    flash(_("メッセージを送りました。"), "success")
    return redirect(url_for(".case", reference=found.reference, _anchor="messages"), 303)


@blueprint.get("/cases/<reference>/withdraw")
@visitor_or_resident
def withdraw(reference: str) -> Answer:
    found = open_case(reference)
    if found.kind == "booking":
        return redirect(url_for("resident.booked.show", reference=found.reference))
    if not withdrawal.may_withdraw(found):
        flash(_("この申請は、いまの状態では取り下げられません。担当課にご連絡ください。"), "warning")
        return redirect(url_for(".case", reference=found.reference))
    return _withdraw_page(found, [])


@blueprint.post("/cases/<reference>/withdraw")
@visitor_or_resident
def confirm_withdrawal(reference: str) -> Answer:
    found = open_case(reference)
    reason = request.form.get("reason", "")
    if not reason.strip() or contains_individual_number(reason):
        return _withdraw_page(found, [("reason", _("取り下げる理由を書いてください。"))], reason), 422
    withdrawal.withdraw(db(), found, reason, guards.current_actor())
    flash(_("申請を取り下げました。"), "success")
    return redirect(url_for(".case", reference=found.reference), 303)


@blueprint.post("/cases/<reference>/again")
@visitor_or_resident
def again(reference: str) -> AnyResponse:
    found = open_case(reference)
    definition = desk.live_definition(found.slug)
    draft = apply_again.again(
        db(),
        found,
        definition,
        applicant.owner(),
        person=desk.context().person,
        lang=guards.lang(),
        actor=guards.current_actor(),
    )
    quotas.count_draft(draft)
    sessions.own("draft", draft.token)
    flash(_("前の申請の内容を写しました。変わったところを直してください。ファイルはもう一度選んでください。"))
    return redirect(url_for("resident.apply.go_on", token=draft.token), 303)


@blueprint.get("/cases/<reference>/documents/<token>")
@visitor_or_resident
def document(reference: str, token: str) -> Response:
    found = open_case(reference)
    row = issue.open_document(db(), found, token)
    actor, document_id = guards.current_actor(), row.id
    transaction.afterwards(lambda session: issue.opened(session, document_id, actor))
    name, media_type, key = row.filename, row.media_type, row.storage_key
    transaction.close()  # nothing stays open while the store is spoken to
    response = Response(services().storage.get(key), mimetype=media_type)
    response.headers["Content-Disposition"] = disposition("inline", name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/cases/<reference>/files/<file_id>")
@visitor_or_resident
def file(reference: str, file_id: str) -> Response:
    found = open_case(reference)
    return apply_files.send(files.find(db(), file_id, case_id=found.id))


def _find_page(reference: str, errors: list[tuple[str, str]]) -> str:
    after = url_for(".case", reference=reference) if reference else url_for("resident.my.overview")
    is_held = _is_held(reference)
    return render_template(
        "resident/cases_find.html",
        reference=reference,
        errors=errors,
        is_held=is_held,
        after=url_for("resident.sign_in.send_again") if is_held else after,
    )


def _is_held(reference: str) -> bool:
    """Whether something typed about this case waits to be sent again."""
    post = held.kept()
    return post is not None and post["path"].startswith(url_for(".case", reference=reference or "-") + "/")


def _withdraw_page(found: Case, errors: list[tuple[str, str]], reason: str = "") -> str:
    values: dict[str, Any] = {"case": found, "errors": errors, "reason": reason}
    return render_template("resident/cases_withdraw.html", department=case_page.department(found), **values)
