"""Work on many cases at once: ordered here, done by the worker, with its progress and what did not work."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.applications import batch as batches
from webapp.casework import assign
from webapp.casework import inbox as cases
from webapp.casework.states import life
from webapp.errors import Forbidden, InvalidInput
from webapp.staff import desk
from webapp.staff.inbox import wish_of
from webapp.web.guards import staff_required, staff_scope
from webapp.web.services import services
from webapp.web.transaction import commit, db

blueprint = Blueprint("batch", __name__, url_prefix="/batch")


@blueprint.post("")
@staff_required("case.read")
def choose() -> Response | str:
    references = _chosen()
    if not references:
        return redirect(url_for("staff.inbox.inbox") + "?" + request.form.get("query", ""), code=303)
    return _page(references, {})


@blueprint.post("/do")
@staff_required("case.read")
def do() -> Response | str | tuple[str, int]:
    references = list(dict.fromkeys(request.form.getlist("reference")))
    action = request.form.get("action", "")
    if action in batches.PERMISSIONS and not staff_scope(batches.PERMISSIONS[action]):
        raise Forbidden("batch", say="この処理を行う権限がありません。")
    try:
        ordered = batches.order(db(), desk.officer(), action, _given(), references)
    except InvalidInput as wrong:
        return _page(references, {wrong.field or "action": wrong.say or "処理を選んでください。"}), 422
    token, number, is_short = ordered.token, ordered.id, batches.is_short(ordered)
    commit()
    if is_short:
        batches.carry_on(services().batch_house(), number)
    return redirect(url_for(".show", token=token), code=303)


@blueprint.get("/<token>")
@staff_required("case.read")
def show(token: str) -> str:
    ordered = batches.of_officer(db(), token, desk.officer())
    is_part = request.headers.get("HX-Request") == "true"
    return render_template(
        "staff/batch_progress.html" if is_part else "staff/batch_show.html",
        batch=ordered,
        label=batches.LABELS[ordered.action],
        dealt_with=len(ordered.results),
        total=len(ordered.references),
        done=sum(bool(entry["done"]) for entry in ordered.results),
        refused=[entry for entry in ordered.results if not entry["done"]],
        back=url_for("staff.inbox.inbox") + "?" + str(ordered.given.get("query") or ""),
    )


def _given() -> dict[str, Any]:
    staff = request.form.get("staff", "")
    return {
        "staff": int(staff) if staff.isdecimal() else 0,
        "message": request.form.get("message", ""),
        "note": request.form.get("note", ""),
        "with_letter": request.form.get("with_letter") == "yes",
        "query": request.form.get("query", ""),
    }


def _chosen() -> list[str]:
    if request.form.get("scope") != "found":
        return list(dict.fromkeys(request.form.getlist("reference")))[: batches.MOST]
    wish = wish_of(dict(parse_qsl(request.form.get("query", ""))))
    return cases.references(db(), wish, batches.MOST)


def _page(references: list[str], errors: dict[str, str]) -> str:
    scope = staff_scope("case.read")
    departments = list(desk.departments()) if scope.everywhere else sorted(scope.departments)
    found = [desk.case_for(reference) for reference in references[:20]]
    decidable = {key for case in found for key in batches.STEPS if key in life(case.kind).steps}
    hidden = set(batches.STEPS) - (decidable if staff_scope("case.decide") else set())
    options = [(key, text) for key, text in batches.LABELS.items() if key not in hidden]
    return render_template(
        "staff/batch_choose.html",
        references=references,
        shown=found,
        options=options,
        colleagues=[(one.id, one.name) for one in assign.colleagues(db(), departments)],
        may_export=bool(staff_scope("case.export")),
        query=request.form.get("query", ""),
        typed=request.form,
        errors=errors,
        error_list=desk.error_list(errors),
        at_once=batches.AT_ONCE,
    )
