"""Handing in a paper that was promised for later."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.applications import follow_up, hand_in, owed
from webapp.casework import duties
from webapp.casework.models import Case, CaseDuty
from webapp.errors import NotFound
from webapp.resident import case_page
from webapp.resident.case_access import open_case
from webapp.web import guards, uploads
from webapp.web.field_views import file_view
from webapp.web.guards import visitor_or_resident
from webapp.web.transaction import db

blueprint = Blueprint("hand_in", __name__)
Answer = str | Response | tuple[str, int]


@blueprint.get("/cases/<reference>/hand-in/<int:number>")
@visitor_or_resident
def form(reference: str, number: int) -> Answer:
    case = open_case(reference)
    return _page(case, _duty(case, number), [])


@blueprint.post("/cases/<reference>/hand-in/<int:number>")
@visitor_or_resident
def send(reference: str, number: int) -> Answer:
    case = open_case(reference)
    duty = _duty(case, number)
    question = hand_in.question_of(db(), case, duty)
    errors: list[str] = []
    for _path, sent in request.files.items(multi=True):
        if not sent.filename:
            continue
        try:
            row, is_scanned = uploads.keep(
                duty.key,
                question,
                sent.filename,
                sent.stream.read(),
                already=len(hand_in.given(db(), case, duty)),
                case_id=case.id,
            )
        except (uploads.FileRefused, uploads.StorageError) as refused:
            errors.append(uploads.refusal_text(refused))
            continue
        row.scan_state = "clean" if is_scanned else "unscanned"
        hand_in.add_file(db(), case, duty, row, guards.current_actor())
    if errors or not hand_in.given(db(), case, duty):
        return _page(case, duty, errors or [_("ファイルを選んでください。")]), 422
    hand_in.finish(db(), case, duty, guards.current_actor())
    flash(_("提出しました。担当が確かめます。"), "success")
    return redirect(url_for("resident.cases.case", reference=case.reference), 303)


@blueprint.post("/cases/<reference>/duties/<int:number>/done")
@visitor_or_resident
def done(reference: str, number: int) -> Response:
    case = open_case(reference)
    duty = next((one for one in duties.follow_ups(db(), case) if one.id == number), None)
    if duty is None:
        raise NotFound(f"duty {number}")
    follow_up.say_done(db(), case, duty, guards.current_actor())
    flash(_("担当に知らせました。確かめてからお返事します。"), "success")
    return redirect(url_for("resident.cases.case", reference=case.reference), 303)


def _duty(case: Case, number: int) -> CaseDuty:
    found = next((duty for duty in owed.waiting(db(), case.id) if duty.id == number), None)
    if found is None:
        raise NotFound(f"duty {number}")
    return found


def _page(case: Case, duty: CaseDuty, errors: list[str]) -> str:
    question = hand_in.question_of(db(), case, duty)
    view = file_view(question, duty.key, hand_in.given(db(), case, duty), errors, guards.lang())
    return render_template(
        "resident/hand_in_form.html",
        case=case,
        duty=duty,
        view=view,
        errors=[(view.id, text) for text in errors],
        department=case_page.department(case),
    )
