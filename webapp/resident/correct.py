"""Mending what was marked (補正): only the marked fields can be changed, with the notes beside them."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.applications import mend
from webapp.applications.submit import NotReady
from webapp.form_engine.outcome import Problem
from webapp.resident import case_page
from webapp.resident.case_access import open_case
from webapp.resident.correcting import Mending, open_mending, take_form
from webapp.web import guards
from webapp.web.guards import visitor_or_resident
from webapp.web.transaction import db

blueprint = Blueprint("correct", __name__)
Answer = str | Response | tuple[str, int]


@blueprint.get("/cases/<reference>/correct")
@visitor_or_resident
def form(reference: str) -> Answer:
    mending = open_mending(open_case(reference))
    if mending is None:
        return _nothing_to_do(reference)
    return _page(mending)


@blueprint.post("/cases/<reference>/correct")
@visitor_or_resident
def save(reference: str) -> Answer:
    mending = open_mending(open_case(reference))
    if mending is None:
        return _nothing_to_do(reference)
    errors = take_form(mending)
    mending.refresh()
    wanted = request.form.get("_action", "")
    is_htmx = request.headers.get("HX-Request") == "true"
    if wanted == "later" and not errors and not is_htmx:
        return redirect(url_for("resident.cases.case", reference=mending.case.reference), 303)
    if wanted.partition(":")[0] != "next" or is_htmx:
        return _page(mending, errors=errors, whole=not is_htmx)
    wrong = mending.problems()
    if wrong or errors:
        return _page(mending, wrong, errors), 422
    return redirect(url_for(".check", reference=reference), 303)


@blueprint.get("/cases/<reference>/correct/check")
@visitor_or_resident
def check(reference: str) -> Answer:
    mending = open_mending(open_case(reference))
    if mending is None:
        return _nothing_to_do(reference)
    return render_template(
        "resident/correct_check.html",
        mending=mending,
        case=mending.case,
        changes=mending.changes(),
        missing=mending.problems(),
        department=case_page.department(mending.case),
    )


@blueprint.post("/cases/<reference>/correct/check")
@visitor_or_resident
def send(reference: str) -> Answer:
    mending = open_mending(open_case(reference))
    if mending is None:
        return _nothing_to_do(reference)
    try:
        mend.answer(
            db(), mending.case, mending.correction, context=mending.context, actor=guards.current_actor()
        )
    except NotReady as not_ready:
        return _page(mending, not_ready.problems), 422
    flash(_("直した内容を送りました。担当が確かめます。"), "success")
    return redirect(url_for("resident.cases.case", reference=mending.case.reference), 303)


def _nothing_to_do(reference: str) -> Response:
    flash(_("直していただくところはありません。"))
    return redirect(url_for("resident.cases.case", reference=reference), 303)


def _page(
    mending: Mending,
    wrong: list[Problem] | None = None,
    errors: dict[str, list[str]] | None = None,
    *,
    whole: bool = True,
) -> str:
    texts = mending.texts(wrong or [], errors or {})
    return render_template(
        "resident/correct_form.html" if whole else "resident/correct_fields.html",
        mending=mending,
        case=mending.case,
        saved=not whole,
        correction=mending.correction,
        seen=mending.seen,
        views=mending.views(texts),
        error_list=[(mending.dom_id(path), text) for path, found in texts.items() for text in found],
        department=case_page.department(mending.case),
    )
