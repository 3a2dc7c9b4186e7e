"""The small acts on a case: take, give, send on, write, note, tick."""

from __future__ import annotations

from flask import Blueprint, flash, request
from werkzeug.wrappers import Response

from webapp import audit
from webapp.applications import review
from webapp.casework import assign, steps, telling, thread
from webapp.casework.open_case import renew_password
from webapp.errors import InvalidInput, NotFound
from webapp.identity.models import Staff
from webapp.staff import case as case_page
from webapp.staff import desk, typed
from webapp.web.guards import current_actor, staff_required
from webapp.web.transaction import db

blueprint = Blueprint("work", __name__, url_prefix="/cases/<reference>")


@blueprint.post("/claim")
@staff_required("case.work")
def claim(reference: str) -> Response:
    case = desk.case_for(reference, "case.work")
    assign.claim(db(), case, desk.officer(), current_actor())
    flash("あなたの担当にしました。", "success")
    return desk.to_case(case)


@blueprint.post("/assign")
@staff_required("case.work")
def give(reference: str) -> Response:
    case = desk.case_for(reference, "case.work")
    wanted = request.form.get("staff", "")
    if not wanted:
        assign.release(db(), case, current_actor())
        flash("担当者をなしにしました。", "success")
        return desk.to_case(case)
    staff = db().get(Staff, typed.number(wanted, otherwise=0))
    if staff is None or staff.department != case.department:
        raise NotFound("no such colleague", say="この課の職員を選んでください。")
    taker = assign.assign(db(), case, staff, current_actor())
    note = "" if taker.id == staff.id else f"({staff.name}さんは不在のため、代理)"
    flash(f"{taker.name}さんの担当にしました{note}。", "success")
    return desk.to_case(case)


@blueprint.post("/seen")
@staff_required("case.work")
def seen(reference: str) -> Response:
    case = desk.case_for(reference, "case.work")
    steps.settle_news(case)
    audit.record(db(), current_actor(), "case.seen", object_kind="case", object_id=case.id, case_id=case.id)
    flash("新着の印を外しました。", "success")
    return desk.to_case(case)


@blueprint.post("/note")
@staff_required("case.work")
def note(reference: str) -> Response | tuple[str, int]:
    case = desk.case_for(reference, "case.work")
    try:
        thread.add_note(db(), case, request.form.get("note", ""), current_actor())
    except InvalidInput as wrong:
        return case_page.page(case, {"note": wrong.say or "メモを確かめてください。"}), 422
    flash("メモを書きました。申請者には見えません。", "success")
    return desk.to_case(case, "notes")


@blueprint.post("/message")
@staff_required("case.work")
def message(reference: str) -> Response | tuple[str, int]:
    case = desk.case_for(reference, "case.work")
    try:
        posted = thread.post(db(), case, request.form.get("message", ""), current_actor())
    except InvalidInput as wrong:
        return case_page.page(case, {"message": wrong.say or "メッセージを確かめてください。"}), 422
    telling.tell_resident(db(), case, "message_posted", dedupe_key=f"case:{case.id}:message:{posted.id}")
    flash("メッセージを送りました。", "success")
    return desk.to_case(case, "thread")


@blueprint.post("/transfer")
@staff_required("case.work")
def transfer(reference: str) -> Response | tuple[str, int]:
    case = desk.case_for(reference, "case.work")
    department = request.form.get("department", "")
    try:
        assign.transfer(
            db(),
            case,
            department,
            request.form.get("reason", ""),
            current_actor(),
            known=list(desk.departments()),
        )
    except InvalidInput as wrong:
        return case_page.page(
            case, {wrong.field or "department": wrong.say or "移送先を確かめてください。"}
        ), 422
    flash(f"{desk.department_name(department)}に移送しました。", "success")
    return desk.to_case(case) if desk.may("case.read", case) else _to_inbox()


@blueprint.post("/ticks")
@staff_required("case.correct")
def ticks(reference: str) -> Response:
    case = desk.case_for(reference, "case.correct")
    review.tick(db(), case, set(request.form.getlist("tick")), current_actor())
    flash("確認済みの印を保存しました。", "success")
    return desk.to_case(case, "answers")


@blueprint.post("/password")
@staff_required("case.work")
def password(reference: str) -> str:
    case = desk.case_for(reference, "case.work")
    fresh = renew_password(db(), case, current_actor())
    return case_page.page(case, new_password=fresh)


def _to_inbox() -> Response:
    from flask import redirect, url_for

    return redirect(url_for("staff.inbox.inbox"), code=303)
