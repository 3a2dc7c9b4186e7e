"""Deciding one case: the form, the preview of the letter, the decision; and opening it again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.applications import decide as decisions
from webapp.applications import issue
from webapp.casework import opinions
from webapp.casework.models import Case
from webapp.casework.states import life
from webapp.errors import InvalidInput
from webapp.payment import charges
from webapp.ports.storage import StorageError
from webapp.staff import desk, queue
from webapp.staff.case import sent
from webapp.web.guards import current_actor, staff_required
from webapp.web.services import services
from webapp.web.transaction import commit, db

blueprint = Blueprint("decide", __name__, url_prefix="/cases/<reference>/decide")


@blueprint.get("/<step>")
@staff_required("case.decide")
def show(reference: str, step: str) -> str:
    case = desk.case_for(reference, "case.decide")
    life(case.kind).step(step, case.status)
    desk.viewed(case)
    return _form(case, step, {})


@blueprint.post("/<step>")
@staff_required("case.decide")
def give(reference: str, step: str) -> Response | tuple[str, int]:
    case = desk.case_for(reference, "case.decide")
    ruling = _ruling(step)
    try:
        decisions.check(case, ruling)
        prepared = None
        if ruling.with_letter or request.form.get("_action") == "preview":
            prepared = decisions.letter(services().city, case, ruling, sample=is_sample(case))
        if prepared is not None and request.form.get("_action") == "preview":
            return sent(prepared.data, prepared.media_type, prepared.filename)
        store(prepared)
        carry_out(case, ruling, prepared)
    except InvalidInput as wrong:
        db().rollback()
        return _form(case, step, {wrong.field or "message": wrong.say or "入力を確かめてください。"}), 422
    flash(f"{reference} の「{life(case.kind).steps[step].label}」を記録し、申請者に知らせました。", "success")
    following = queue.place(reference).following if request.form.get("_action") == "next" else None
    if following:
        return redirect(url_for("staff.case.show", reference=following), code=303)
    return desk.to_case(case)


@blueprint.post("/reopen")
@staff_required("case.decide")
def reopen(reference: str) -> Response | tuple[str, int]:
    from webapp.staff import case as case_page

    case = desk.case_for(reference, "case.decide")
    try:
        decisions.reopen(
            db(), case, request.form.get("reasons", ""), current_actor(), calendar=desk.calendar()
        )
    except InvalidInput as wrong:
        return case_page.page(case, {"reasons": wrong.say or "理由を入力してください。"}), 422
    flash("案件を審査に戻しました。前の決定は記録に残っています。", "success")
    return desk.to_case(case)


def store(prepared: issue.Prepared | None) -> None:
    """Put the bytes into the store with no transaction open. Raises InvalidInput when it does not answer."""
    if prepared is None:
        return
    commit()
    try:
        services().storage.put(prepared.storage_key, prepared.data, prepared.media_type)
    except StorageError:
        say = "文書を保存できませんでした。少し待ってから、もう一度実行してください。"
        raise InvalidInput("storage", field="message", say=say) from None


def is_sample(case: Case) -> bool:
    """Tell whether letters of this case carry 見本: in the sample city, and for sample procedures."""
    definition = services().library.get(case.slug)
    return services().settings.is_demo or bool(definition and definition.sample)


def carry_out(case: Case, ruling: decisions.Ruling, prepared: issue.Prepared | None) -> None:
    """Record the decision and, when its letter lies in the store, issue it in the same transaction."""
    db().refresh(case, with_for_update=True)
    decisions.decide_with_letter(
        db(), case, ruling, prepared, current_actor(), city=services().city, calendar=desk.calendar()
    )


def _ruling(step: str) -> decisions.Ruling:
    form = request.form
    return decisions.Ruling(
        step=step,
        reasons=form.get("reasons", ""),
        conditions=form.get("conditions", ""),
        message=form.get("message", ""),
        with_letter=form.get("with_letter") == "yes",
    )


def _form(case: Case, step: str, errors: dict[str, str]) -> str:
    taken = life(case.kind).steps[step]
    form = request.form if request.method == "POST" else None
    return render_template(
        "staff/decide_show.html",
        case=case,
        place=queue.place(case.reference),
        step=taken,
        fields=_fields(case, step, form, errors),
        has_letter=step in decisions.LETTERS,
        with_letter=form.get("with_letter") == "yes" if form else taken.is_decision,
        instruction=decisions.instruction_for(
            services().city,
            case,
            decisions.Ruling(step, conditions=form.get("conditions", "") if form else ""),
        ),
        unpaid=[charge for charge in charges.of_case(db(), case.id) if charge.open_yen > 0],
        pending=[one for one in opinions.of_case(db(), case) if one.answered_at is None],
        objections=[one for one in opinions.of_case(db(), case) if one.stance == "object"],
        department_name=desk.department_name,
        errors=errors,
        error_list=desk.error_list(errors),
    )


def _fields(case: Case, step: str, form: object, errors: dict[str, str]) -> list[object]:
    taken = life(case.kind).steps[step]
    typed = request.form if form is not None else None
    fields: list[object] = []
    if taken.needs_reasons:
        hint = "どの要件に、なぜ合わないかを、根拠の条文とともに書いてください。通知書に載ります。"
        fields.append(
            desk.typed_field(
                typed, "reasons", "理由", type="textarea", lines=6, required=True, hint=hint, errors=errors
            )
        )
    if taken.takes_conditions:
        hint = "条件を付けるときだけ書いてください。通知書に載り、教示が付きます。"
        fields.append(
            desk.typed_field(typed, "conditions", "条件", type="textarea", lines=3, hint=hint, errors=errors)
        )
    label = "申請者への回答" if taken.needs_message else "申請者へのひとこと"
    fields.append(
        desk.typed_field(
            typed,
            "message",
            label,
            type="textarea",
            lines=6 if taken.needs_message else 3,
            required=taken.needs_message,
            hint="申請者の画面に表示します。通知書にも載ります。",
            errors=errors,
        )
    )
    return fields
