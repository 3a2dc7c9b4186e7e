"""The end of the way: check your answers, send once, keep the receipt."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.applications import same
from webapp.applications.submit import NotReady, Outdated, Submitted, Unseen, digest_of, receipt_of, submit
from webapp.form_engine import messages
from webapp.identity import signatures, throttle, visits
from webapp.resident import applicant, apply_page, desk, sign, summary
from webapp.resident.case_access import remember
from webapp.resident.desk import Desk
from webapp.web import guards, quotas, sessions
from webapp.web.guards import visitor_or_resident
from webapp.web.place import place
from webapp.web.transaction import db
from webapp.web.widgets import dom_id

blueprint = Blueprint("send", __name__)
Answer = str | Response | tuple[str, int]


@blueprint.get("/apply/<token>/check")
@visitor_or_resident
def check(token: str) -> Answer:
    opened = desk.open_desk(token)
    if opened.draft.submitted_case_id is not None:
        return redirect(url_for(".receipt", token=token))
    return _check_page(opened)


@blueprint.post("/apply/<token>/check")
@visitor_or_resident
def submit_application(token: str) -> Answer:
    opened, may_show = desk.open_for_writing(token)
    if opened.draft.submitted_case_id is not None:
        return redirect(url_for(".receipt", token=token), 303)
    if not may_show or not apply_page.is_known_enough(opened.outcome.level):
        return redirect(apply_page.sign_in_url(opened.outcome.level, url_for(".check", token=token)), 303)
    if request.form.get("declared") != "yes":
        text = _("内容を確かめて、「同意します」にチェックを入れてください。")
        return _check_page(opened, [("declared", text)]), 422
    if sign.is_needed(opened) and not sign.is_signed(opened):
        return redirect(url_for("resident.sign.show", token=token), 303)
    throttle.count(db(), "send.here", place())
    try:
        sent = submit(
            db(),
            opened.draft,
            context=opened.context,
            actor=guards.current_actor(),
            confirmed=request.form.get("confirmed"),
        )
    except NotReady:
        return _check_page(opened), 422
    except Outdated:
        return redirect(url_for("resident.newer.show", token=token), 303)
    except Unseen:
        text = _("ほかの画面で内容が変わりました。もう一度確かめてから、送ってください。")
        return _check_page(desk.desk_of(opened.draft), [("check-answers", text)]), 409
    if opened.draft.mandate_id is None:  # an agent sees the case as long as the mandate lasts, no longer
        remember(sent.case)
    quotas.count_sent()
    signatures.attach(db(), token, sent.case.id)
    visit, actor = sessions.current().get(guards.VISIT), guards.current_actor()
    visits.confirmed(db(), visit, draft_token=token, case_id=sent.case.id, actor=actor)
    return redirect(url_for(".receipt", token=token), 303)


@blueprint.get("/apply/<token>/receipt")
@visitor_or_resident
def receipt(token: str) -> Answer:
    opened = desk.open_desk(token)
    sent = receipt_of(db(), opened.draft)
    if sent is None:
        return redirect(url_for("resident.apply.go_on", token=token))
    return _receipt_page(opened, sent)


def _check_page(opened: Desk, errors: list[tuple[str, str]] | None = None) -> str:
    missing = opened.all_problems()
    reached = opened.draft.reached or []
    unseen = [page for page in opened.outcome.pages if page.key not in reached]
    listed = [
        (
            opened.page_of(problem.path),
            dom_id(problem.path),
            messages.text(problem, opened.definition, opened.lang),
        )
        for problem in missing
    ]
    return render_template(
        "resident/send_check.html",
        desk=opened,
        draft=opened.draft,
        definition=opened.definition,
        outcome=opened.outcome,
        sections=summary.sections(opened, back="check"),
        missing=listed,
        unseen=unseen,
        stops=opened.outcome.stops,
        errors=errors or [],
        earlier=same.earlier(db(), opened.definition, opened.outcome.answers, applicant.owner()),
        confirmed=digest_of(opened.draft),
        known_enough=apply_page.is_known_enough(opened.outcome.level),
        sign_in_url=apply_page.sign_in_url(opened.outcome.level, url_for(".check", token=opened.draft.token)),
        mark=desk.page_mark(opened.draft.token),
        department=desk.department(opened),
    )


def _receipt_page(opened: Desk, sent: Submitted) -> str:
    contact = sent.case.contact
    return render_template(
        "resident/send_receipt.html",
        desk=opened,
        definition=opened.definition,
        case=sent.case,
        password=sent.password,
        charge=sent.charge,
        contact=contact,
        is_mine=sent.case.resident_id is not None,
        department=desk.department_of(opened.definition, sent.case.department),
    )
