"""What the retention rules would erase, what they erased, and the button in between."""

from __future__ import annotations

from collections import Counter

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.applications import erase, erasing
from webapp.casework.retained import runs
from webapp.casework.states import state_of
from webapp.identity import four_eyes
from webapp.staff import desk
from webapp.web.guards import current_actor, prove_again, staff_required
from webapp.web.transaction import db
from webapp.wiring import forgetters

blueprint = Blueprint("retention", __name__, url_prefix="/retention")

ACTIONS = {"delete": "削除", "anonymise": "匿名化"}


@blueprint.get("")
@staff_required("system.manage")
def show() -> str:
    return render_template("staff/retention_show.html", groups=_groups(), actions=ACTIONS, runs=runs(db()))


@blueprint.post("")
@staff_required("system.manage")
def run() -> Response:
    for_real = request.form.get("_action") == "run"
    if for_real and request.form.get("sure") != "yes":
        flash("消す前に、「元に戻せないことを確認しました」にチェックを入れてください。", "danger")
        return redirect(url_for(".show"), code=303)
    if for_real:
        if (away := prove_again()) is not None:
            return away
        payload = erasing.payload_of(erase.plan(db()))
        if four_eyes.ask(db(), desk.officer(), erasing.ACTION, object_id="plan", payload=payload) is not None:
            flash(
                "ほかの職員に承認を求めました。承認されると、すぐに消します。",
                "success",
            )
            return redirect(url_for(".show"), code=303)
    record = erase.run(db(), current_actor(), dry_run=not for_real, also=forgetters())
    done = "処理しました" if for_real else "試し、何が対象になるかを記録しました(何も消していません)"
    flash(f"{len(record.references)}件を{done}。", "success")
    failed = sum(number for kind, number in record.counts.items() if kind.endswith(f":{erase.FAILED}"))
    if failed:
        flash(f"{failed}件は消せませんでした。操作記録を添えて、システムの担当に知らせてください。", "danger")
    return redirect(url_for(".show"), code=303)


def _groups() -> list[tuple[str, str, str, int]]:
    """Return procedure, outcome, action and number: no officer needs to read names to press the button."""
    counted = Counter(
        (
            str(one.case.title.get("ja") or one.case.slug),
            state_of(one.case.kind, one.case.status).staff,
            one.action,
        )
        for one in erase.plan(db())
    )
    return [(*key, number) for key, number in sorted(counted.items())]
