"""Being away: until when, and who stands in."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.casework import assign
from webapp.errors import InvalidInput
from webapp.identity.models import Staff
from webapp.staff import desk, typed
from webapp.web.guards import current_actor, staff_required
from webapp.web.transaction import db

blueprint = Blueprint("absence", __name__, url_prefix="/absence")


@blueprint.get("")
@staff_required("case.work")
def show() -> str:
    return _page({})


@blueprint.post("")
@staff_required("case.work")
def keep() -> Response | tuple[str, int]:
    me = desk.officer()
    try:
        if request.form.get("_action") == "end":
            assign.set_absence(db(), me, None, None, current_actor())
            flash("不在の設定を終わりにしました。", "success")
        else:
            until = typed.day(request.form, "until")
            assign.set_absence(db(), me, until, _substitute(me), current_actor())
            flash("不在を設定しました。新しい担当は代理の職員に割り当てられます。", "success")
    except InvalidInput as wrong:
        return _page({wrong.field or "until": wrong.say or "入力を確かめてください。"}), 422
    return redirect(url_for(".show"), code=303)


def _substitute(me: Staff) -> Staff | None:
    wanted = request.form.get("substitute", "")
    found = db().get(Staff, typed.number(wanted, otherwise=0))
    return found if found is not None and found.department == me.department and found.active else None


def _page(errors: dict[str, str]) -> str:
    me = desk.officer()
    form = request.form if request.method == "POST" else None
    colleagues = [one for one in assign.colleagues(db(), [me.department]) if one.id != me.id]
    return render_template(
        "staff/absence_show.html",
        me=me,
        is_absent=assign.is_absent(me),
        substitute=db().get(Staff, me.substitute_id) if me.substitute_id else None,
        for_whom=[db().get(Staff, one) for one in assign.stands_in_for(db(), me)],
        until=desk.typed_field(
            form,
            "until",
            "不在の最終日",
            type="date",
            required=True,
            errors=errors,
            hint="この日まで不在にします。",
        ),
        colleagues=[(one.id, one.name) for one in colleagues],
        typed=request.form,
        errors=errors,
        error_list=desk.error_list(errors),
    )
