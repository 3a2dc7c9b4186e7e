"""Fixing the fee of a case after review."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, render_template, request
from werkzeug.wrappers import Response

from webapp import clock
from webapp.applications import fix_fee, review
from webapp.casework.models import Case
from webapp.errors import InvalidInput
from webapp.payment.charges import Line
from webapp.staff import desk, typed
from webapp.web.guards import current_actor, staff_required
from webapp.web.transaction import db

blueprint = Blueprint("fee", __name__, url_prefix="/cases/<reference>/fee")

ROWS = 5


@blueprint.get("")
@staff_required("case.decide")
def show(reference: str) -> str:
    case = desk.case_for(reference, "case.decide")
    desk.viewed(case)
    return _form(case, {})


@blueprint.post("")
@staff_required("case.decide")
def fix(reference: str) -> Response | tuple[str, int]:
    case = desk.case_for(reference, "case.decide")
    try:
        due_on = typed.day(request.form, "due_on")
        assert due_on is not None
        charge = fix_fee.fix_fee(db(), case, _lines(), due_on, current_actor())
    except InvalidInput as wrong:
        db().rollback()
        return _form(case, {wrong.field or "lines": wrong.say or "入力を確かめてください。"}), 422
    flash(f"{charge.open_yen:,}円のお支払いをお願いしました。", "success")
    return desk.to_case(case, "charges")


def _lines() -> list[Line]:
    """Read the rows that hold anything; a row without label or amount says which one."""
    lines = []
    for row in range(1, ROWS + 1):
        label = request.form.get(f"label{row}", "").strip()
        if not label and not request.form.get(f"unit{row}", "").strip():
            continue
        if not label:
            raise InvalidInput("no label", field=f"label{row}", say=f"{row}行目の内容を入力してください。")
        unit = typed.yen(request.form, f"unit{row}")
        quantity = typed.number(request.form.get(f"quantity{row}", "1").strip() or "1", otherwise=0)
        if quantity < 1:
            raise InvalidInput(
                "quantity", field=f"quantity{row}", say="数量を1以上の数字で入力してください。"
            )
        citation = request.form.get(f"citation{row}", "").strip() or None
        lines.append(
            Line(
                label={"ja": label},
                amount_yen=unit * quantity,
                quantity=quantity,
                unit_yen=unit,
                citation=citation,
            )
        )
    return lines


def _form(case: Case, errors: dict[str, str]) -> str:
    seen = review.examine(db(), case, calendar=desk.calendar())
    fee = seen.outcome.fee if seen else None
    form = request.form if request.method == "POST" else None
    return render_template(
        "staff/fee_show.html",
        case=case,
        rows=[_row(number, form, fee.lines if fee else ()) for number in range(1, ROWS + 1)],
        note=fee.note if fee else None,
        claimed=fix_fee.claimed(db(), case),
        due_on=desk.typed_field(
            form,
            "due_on",
            "支払期限",
            type="date",
            value=desk.calendar().roll_forward(clock.today() + timedelta(days=14)).isoformat(),
            required=True,
            errors=errors,
        ),
        errors=errors,
        error_list=[
            ("lines" if name == "lines" else id_, text)
            for (id_, text), name in zip(desk.error_list(errors), errors, strict=True)
        ],
    )


def _row(number: int, form: object, lines: tuple[object, ...]) -> dict[str, str]:
    """What stands in a row: what was typed, else the estimate of the procedure."""
    names = ("label", "quantity", "unit", "citation")
    if form is not None:
        return {name: request.form.get(f"{name}{number}", "") for name in names}
    if number > len(lines):
        return {"label": "", "quantity": "1", "unit": "", "citation": ""}
    line = lines[number - 1]
    unit = getattr(line, "unit_yen", None)
    return {
        "label": line.label.ja,  # type: ignore[attr-defined]
        "quantity": str(getattr(line, "quantity", 1)),
        "unit": str(unit if unit is not None else getattr(line, "amount_yen", "")),
        "citation": getattr(line, "citation", None) or "",
    }
