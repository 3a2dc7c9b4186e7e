"""A lawful reason not to show the resident, for a time, which department opened the case."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.casework.models import Case
from webapp.errors import InvalidInput
from webapp.identity import access_record
from webapp.staff import desk
from webapp.web import guards
from webapp.web.transaction import db

blueprint = Blueprint("shield", __name__)


@blueprint.get("/cases/<reference>/shield")
@guards.staff_required("case.decide")
def show(reference: str) -> str:
    """Show what is in force, and the form."""
    return _page(desk.case_for(reference, "case.decide"), None)


@blueprint.post("/cases/<reference>/shield")
@guards.staff_required("case.decide")
def change(reference: str) -> Response | tuple[str, int]:
    """Set or lift it; both are on record."""
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
                until=_day(),
                actor=guards.current_actor(),
            )
    except InvalidInput as error:
        return _page(case, error), 422
    flash("閲覧記録の表示を変更しました。", "success")
    return redirect(url_for(".show", reference=reference), code=303)


def _page(case: Case, error: InvalidInput | None) -> str:
    shield = access_record.shield_of(db(), case.id)
    return render_template(
        "staff/shield_show.html", case=case, shield=shield, error=error, typed=request.form
    )


def _day() -> date:
    try:
        return date.fromisoformat(request.form.get("until", ""))
    except ValueError as error:
        raise InvalidInput(
            "until", field="until", say="いつまで見せないか、日付を入力してください。"
        ) from error
