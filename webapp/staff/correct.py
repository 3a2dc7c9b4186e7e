"""Asking for a correction: fields marked in place, with a reason, a note, a deadline and a preview."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, render_template, request
from werkzeug.wrappers import Response

from webapp.applications import review
from webapp.casework.models import Case
from webapp.casework.states import life
from webapp.errors import InvalidInput, NotFound
from webapp.intake.corrections import REASONS, Item
from webapp.staff import case as case_page
from webapp.staff import desk, typed
from webapp.web.guards import current_actor, staff_required
from webapp.web.transaction import db

blueprint = Blueprint("correct", __name__, url_prefix="/cases/<reference>/correction")


@blueprint.get("")
@staff_required("case.correct")
def mark(reference: str) -> str:
    case = desk.case_for(reference, "case.correct")
    life(case.kind).step("ask_correction", case.status)
    desk.viewed(case)
    return _form(case, {})


@blueprint.post("")
@staff_required("case.correct")
def send(reference: str) -> Response | str | tuple[str, int]:
    case = desk.case_for(reference, "case.correct")
    try:
        deadline = typed.day(request.form, "deadline")
        assert deadline is not None
        items = _items()
        if request.form.get("_action") != "send":
            return _form(case, {}, preview=(items, deadline)) if items else _form(case, _nothing_marked())
        review.ask_correction(
            db(),
            case,
            items,
            deadline,
            current_actor(),
            reason=request.form.get("message", ""),
            calendar=desk.calendar(),
        )
    except InvalidInput as wrong:
        db().rollback()
        return _form(case, {wrong.field or "items": wrong.say or "入力を確かめてください。"}), 422
    flash(f"{len(items)}か所の補正をお願いしました。", "success")
    return desk.to_case(case)


@blueprint.post("/extend")
@staff_required("case.correct")
def extend(reference: str) -> Response | tuple[str, int]:
    case = desk.case_for(reference, "case.correct")
    try:
        later = typed.day(request.form, "later")
        assert later is not None
        review.extend_correction(db(), case, later, current_actor())
    except InvalidInput as wrong:
        return case_page.page(case, {"later": wrong.say or "日付を確かめてください。"}), 422
    flash("補正の期限を延ばし、申請者に知らせました。", "success")
    return desk.to_case(case)


@blueprint.post("/call-off")
@staff_required("case.correct")
def call_off(reference: str) -> Response:
    case = desk.case_for(reference, "case.correct")
    review.call_off_correction(db(), case, current_actor(), calendar=desk.calendar())
    flash("補正の求めを取りやめました。審査を続けられます。", "success")
    return desk.to_case(case)


def _items() -> list[Item]:
    form = request.form
    return [
        Item(path, form.get(f"reason:{path}", ""), form.get(f"note:{path}", ""))
        for path in dict.fromkeys(form.getlist("mark"))
    ]


def _nothing_marked() -> dict[str, str]:
    return {"items": "直していただく項目を1つ以上選んでください。"}


def _form(case: Case, errors: dict[str, str], preview: tuple[list[Item], date] | None = None) -> str:
    seen = review.examine(db(), case, calendar=desk.calendar())
    if seen is None:
        raise NotFound("no answers", say="この案件には、直していただく回答がありません。")
    form = request.form if request.method == "POST" else None
    shown = {row.path for row in seen.rows}
    labels = {row.path: row.label for row in seen.rows}
    empty = [
        (path, state.field.label.ja)
        for path, state in seen.outcome.fields.items()
        if state.visible and path not in shown and not any(known.startswith(f"{path}[") for known in shown)
    ]
    return render_template(
        "staff/correct_mark.html",
        case=case,
        seen=seen,
        empty=empty,
        labels={**labels, **dict(empty)},
        reasons=REASONS,
        form=form,
        marked=set(form.getlist("mark")) if form else set(),
        preview=preview,
        deadline=desk.typed_field(
            form,
            "deadline",
            "補正の期限",
            type="date",
            value=review.suggested_deadline(desk.calendar()).isoformat(),
            errors=errors,
            required=True,
            hint="10開庁日後を入れてあります。提出に時間のかかる書類があるときは延ばしてください。",
        ),
        message=desk.typed_field(
            form,
            "message",
            "全体へのひとこと",
            type="textarea",
            lines=3,
            errors=errors,
            hint="あいさつや、書類の取り方などを書けます。",
        ),
        errors=errors,
        error_list=[
            ("marks" if name == "items" else id_, text)
            for (id_, text), name in zip(desk.error_list(errors), errors, strict=True)
        ],
    )
