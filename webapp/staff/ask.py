"""意見照会, follow-up duties and registrations on a case."""

from __future__ import annotations

from flask import Blueprint, flash, request
from werkzeug.wrappers import Response

from webapp.casework import duties, opinions, registrations
from webapp.casework.models import Case, CaseDuty, CaseOpinion
from webapp.db import new_token
from webapp.errors import InvalidInput, NotFound
from webapp.staff import case as case_page
from webapp.staff import desk, typed
from webapp.web.guards import current_actor, staff_required, staff_scope
from webapp.web.transaction import db

blueprint = Blueprint("ask", __name__, url_prefix="/cases/<reference>")


@blueprint.post("/opinions")
@staff_required("case.work")
def opinion(reference: str) -> Response | tuple[str, int]:
    case = desk.case_for(reference, "case.work")
    department = request.form.get("opinion_department", "")
    try:
        opinions.ask(
            db(),
            case,
            department=department,
            question=request.form.get("question", ""),
            due_on=typed.day(request.form, "opinion_due", required=False),
            actor=current_actor(),
            known=list(desk.departments()),
        )
    except InvalidInput as wrong:
        return _again(case, wrong, {"department": "opinion_department", "due_on": "opinion_due"})
    flash(f"{desk.department_name(department)}に意見を照会しました。", "success")
    return desk.to_case(case, "opinions")


@blueprint.post("/opinions/<int:number>/answer")
@staff_required("case.read")
def answer(reference: str, number: int) -> Response | tuple[str, int]:
    case = desk.case_for(reference, with_asked=True)
    asked = _opinion(case, number)
    if not staff_scope("case.read").covers(department=asked.department):
        raise NotFound("not asked", say="この照会に回答できるのは、照会を受けた課です。")
    try:
        opinions.give(
            db(),
            case,
            asked,
            request.form.get("stance", ""),
            request.form.get("answer", ""),
            current_actor(),
        )
    except InvalidInput as wrong:
        return _again(case, wrong, {})
    flash("意見を回答しました。", "success")
    return desk.to_case(case, "opinions")


@blueprint.post("/opinions/<int:number>/revoke")
@staff_required("case.work")
def revoke(reference: str, number: int) -> Response:
    case = desk.case_for(reference, "case.work")
    opinions.revoke(db(), case, _opinion(case, number), current_actor())
    flash("照会を取り消しました。", "success")
    return desk.to_case(case, "opinions")


@blueprint.post("/duties")
@staff_required("case.work")
def duty(reference: str) -> Response | tuple[str, int]:
    case = desk.case_for(reference, "case.work")
    try:
        due_on = typed.day(request.form, "duty_due")
        assert due_on is not None
        duties.add(
            db(),
            case,
            key=f"staff-{new_token(6)}",
            kind=request.form.get("duty_kind", ""),
            label={"ja": request.form.get("duty_label", "").strip()},
            due_on=due_on,
            actor=current_actor(),
        )
    except InvalidInput as wrong:
        return _again(case, wrong, {"label": "duty_label", "kind": "duty_kind"})
    flash("提出していただくものを記録しました。期限の前に自動で知らせます。", "success")
    return desk.to_case(case, "duties")


@blueprint.post("/duties/<int:number>/done")
@staff_required("case.work")
def done(reference: str, number: int) -> Response:
    case = desk.case_for(reference, "case.work")
    owed = db().get(CaseDuty, number)
    if owed is None or owed.case_id != case.id:
        raise NotFound("no such duty")
    duties.fulfil(db(), case, owed, current_actor())
    flash("提出を確認しました。", "success")
    return desk.to_case(case, "duties")


@blueprint.post("/registrations/<int:number>/end")
@staff_required("case.decide")
def end_registration(reference: str, number: int) -> Response:
    case = desk.case_for(reference, "case.decide")
    row = next((one for one in registrations.of_case(db(), case) if one.id == number), None)
    if row is None:
        raise NotFound("no such registration")
    registrations.end(db(), case, row, current_actor())
    flash("登録を終えました。", "success")
    return desk.to_case(case, "facts")


def _opinion(case: Case, number: int) -> CaseOpinion:
    asked = db().get(CaseOpinion, number)
    if asked is None or asked.case_id != case.id or asked.revoked_at is not None:
        raise NotFound("no such question")
    return asked


def _again(case: Case, wrong: InvalidInput, names: dict[str, str]) -> tuple[str, int]:
    field = wrong.field or "question"
    return case_page.page(case, {names.get(field, field): wrong.say or "入力を確かめてください。"}), 422
