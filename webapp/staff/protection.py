"""支援措置 of the person behind a case: set and lifted here, by those who decide, with the password fresh."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.casework.models import Case
from webapp.errors import InvalidInput, NotFound
from webapp.identity import protection
from webapp.identity.models import Resident
from webapp.staff import desk
from webapp.web import guards
from webapp.web.transaction import db

blueprint = Blueprint("protection", __name__)


@blueprint.get("/cases/<reference>/protection")
@guards.staff_required("case.decide")
def show(reference: str) -> str:
    """Show whether the person is protected, and the form."""
    return _page(desk.case_for(reference, "case.decide"), {})


@blueprint.post("/cases/<reference>/protection")
@guards.staff_required("case.decide")
def change(reference: str) -> Response | tuple[str, int]:
    """Set or lift it."""
    if (away := guards.prove_again()) is not None:
        return away
    case = desk.case_for(reference, "case.decide")
    resident, actor = _resident(case), guards.current_actor()
    if resident is None:
        raise NotFound("no account", say="この案件の申請者は、利用者としての登録がありません。")
    form = request.form
    try:
        if form.get("step") == "lift":
            sure = form.get("sure") == "yes"
            protection.lift(db(), resident, sure=sure, case_id=case.id, actor=actor)
        else:
            protection.protect(db(), resident, basis=form.get("basis", ""), case_id=case.id, actor=actor)
    except InvalidInput as wrong:
        return _page(case, {wrong.field or "basis": wrong.say or "入力を確かめてください。"}), 422
    flash("支援措置の設定を変更しました。", "success")
    return redirect(url_for(".show", reference=reference), code=303)


def _page(case: Case, errors: dict[str, str]) -> str:
    resident = _resident(case)
    return render_template(
        "staff/protection_show.html",
        case=case,
        resident=resident,
        last=protection.last_change(db(), resident) if resident else None,
        bases=protection.BASES,
        typed=request.form,
        errors=errors,
        error_list=desk.error_list(errors),
    )


def _resident(case: Case) -> Resident | None:
    return db().get(Resident, case.resident_id) if case.resident_id else None
