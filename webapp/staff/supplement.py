"""What came by post or telephone for a correction, entered by staff: only the marked fields can change."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request
from werkzeug.wrappers import Response

from webapp.applications import mend
from webapp.applications.review import context_of
from webapp.applications.submit import NotReady
from webapp.casework.models import Case
from webapp.errors import NotFound
from webapp.form_engine import messages
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.fields import File
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Outcome
from webapp.form_engine.parse import parse_page
from webapp.intake import corrections, places, rows
from webapp.intake.models import Answers, Correction
from webapp.staff import desk, enter_files
from webapp.web import uploads
from webapp.web.field_views import Drawing, page_views
from webapp.web.guards import current_actor, staff_required
from webapp.web.pages import typed_form
from webapp.web.transaction import db
from webapp.web.widgets import dom_id

blueprint = Blueprint("supplement", __name__, url_prefix="/cases/<reference>/supplement")
Errors = dict[str, list[str]]


@blueprint.get("")
@staff_required("case.enter")
def fill(reference: str) -> str:
    case, correction = _open(reference)
    return _page(case, correction, {})


@blueprint.post("")
@staff_required("case.enter")
def save(reference: str) -> str | Response | tuple[str, int]:
    case, correction = _open(reference)
    definition = mend.definition_of(db(), case)
    _take_form(case, correction, definition)
    errors = enter_files.each(definition, _keeper(correction))
    if errors or request.form.get("_action") != "send":
        page = _page(case, corrections.locked(db(), correction.id), errors)
        return (page, 422) if errors else page
    try:
        mend.answer(db(), case, correction, context=context_of(case, desk.calendar()), actor=current_actor())
    except NotReady as wrong:
        found: Errors = {}
        for problem in wrong.problems:
            found.setdefault(problem.path, []).append(messages.text(problem, definition, "ja"))
        return _page(case, correction, found), 422
    flash("届いた回答を入力しました。処理の期限が、また進みはじめます。", "success")
    return desk.to_case(case)


def _open(reference: str) -> tuple[Case, Correction]:
    case = desk.case_for(reference, "case.enter")
    correction = corrections.waiting(db(), case.id)
    if correction is None:
        raise NotFound("no correction", say="この案件では、補正を求めていません。")
    return case, correction


def _take_form(case: Case, correction: Correction, definition: Definition) -> None:
    now = mend.mended(db(), correction)
    typed = typed_form()
    answers: Answers = now
    for page in definition.pages:
        answers = parse_page(definition, page.key, typed, answers, context_of(case, desk.calendar()))
    verb, _colon, path = request.form.get("_action", "").partition(":")
    if verb == "add_row" and corrections.is_pinned(correction, path):
        answers, _row = rows.add_row(definition, answers, path)
    elif verb == "remove_row" and corrections.is_pinned(correction, path.rpartition("[")[0]):
        answers = rows.remove_row(definition, answers, path)
    elif verb == "remove_file":
        answers = _without(correction, answers, *path.rpartition(":")[::2])
    tops = corrections.allowed_tops(correction)
    correction.answers = {key: answers.get(key) for key in {*answers, *tops}}
    db().flush()


def _without(correction: Correction, answers: Answers, path: str, file_id: str) -> Answers:
    if not corrections.is_pinned(correction, path):
        return answers
    left = [item for item in places.get(answers, path) or [] if item["file_id"] != file_id]
    return places.put(answers, path, left or None)


def _keeper(correction: Correction) -> enter_files.Keep:
    def keep(path: str, question: File, name: str, data: bytes) -> None:
        if not corrections.is_pinned(correction, path):
            return
        given = places.get(correction.answers, path) or []
        row, is_scanned = uploads.keep(
            path, question, name, data, already=len(given), case_id=correction.case_id, is_throttled=False
        )
        row.scan_state = "clean" if is_scanned else "unscanned"
        fresh = corrections.locked(db(), correction.id)
        now = [*(places.get(fresh.answers, path) or []), row.as_answer()]
        fresh.answers = places.put(fresh.answers, path, now)

    return keep


def _page(case: Case, correction: Correction, errors: Errors) -> str:
    definition = mend.definition_of(db(), case)
    answers = mend.mended(db(), correction)
    outcome: Outcome = evaluate(definition, answers, context_of(case, desk.calendar()))
    drawing = Drawing(
        outcome=outcome,
        answers=answers,
        lang="ja",
        errors=errors,
        notes={item.path: item.note or corrections.REASONS[item.reason] for item in correction.items},
        only=frozenset(item.path for item in correction.items),
    )
    return render_template(
        "staff/supplement_fill.html",
        case=case,
        correction=correction,
        views=[view for page in outcome.pages for view in page_views(page.key, drawing)],
        error_list=[(dom_id(path), text) for path, texts in errors.items() for text in texts],
    )
