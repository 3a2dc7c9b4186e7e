"""A lawful reason not to show the resident, for a time, which department opened the case."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.casework.models import Case
from webapp.errors import InvalidInput
from webapp.identity import access_record
from webapp.staff import desk, typed
from webapp.web import guards
from webapp.web.transaction import db

blueprint = Blueprint("shield", __name__)


@blueprint.get("/cases/<reference>/shield")
@guards.staff_required("case.decide")
def show(reference: str) -> str:
    """Show what is in force, and the form."""
    return _page(desk.case_for(reference, "case.decide"), {})


@blueprint.post("/cases/<reference>/shield")
@guards.staff_required("case.decide")
def change(reference: str) -> Response | tuple[str, int]:
    """Set or lift it; both are on record."""
    if (away := guards.prove_again()) is not None:
        return away
    case = desk.case_for(reference, "case.decide")
    try:
        if request.form.get("step") == "lift":
            access_record.lift(db(), case.id, guards.current_actor())
        else:
            access_record.shield(
                db(),
                case.id,
                desk.officer(),
                reason=request.form.get("reason", ""),
                until=_until(),
                actor=guards.current_actor(),
            )
    except InvalidInput as error:
        return _page(case, {error.field or "reason": error.say or "入力を確かめてください。"}), 422
    flash("閲覧記録の表示を変更しました。", "success")
    return redirect(url_for(".show", reference=reference), code=303)


def _page(case: Case, errors: dict[str, str]) -> str:
    form = request.form if errors else None
    hint = "この日まで見せません。過ぎると、見せていなかった分も見えるようになります。"
    return render_template(
        "staff/shield_show.html",
        case=case,
        shield=access_record.shield_of(db(), case.id),
        until=desk.typed_field(
            form, "until", "見せない最後の日", type="date", required=True, errors=errors, hint=hint
        ),
        typed=request.form,
        errors=errors,
        error_list=desk.error_list(errors),
    )


def _until() -> date:
    found = typed.day(request.form, "until")
    assert found is not None, "a required day is there, or InvalidInput was raised"
    return found
