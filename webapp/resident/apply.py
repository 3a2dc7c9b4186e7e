"""Writing an application: start, one topic per page, every answer saved as it is given."""

import math

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.applications import same
from webapp.errors import TooMany
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Stop
from webapp.intake import drafts, prefill, saving
from webapp.resident import applicant, apply_actions, apply_page, desk
from webapp.resident.open_link import TALK
from webapp.web import guards, quotas, sessions, transaction
from webapp.web.guards import visitor_or_resident
from webapp.web.pages import typed_form
from webapp.web.transaction import db

blueprint = Blueprint("apply", __name__)


@blueprint.get("/apply/start/<slug>")
@visitor_or_resident
def start(slug: str) -> str | Response:
    definition = desk.live_definition(slug)
    applicant.check_agency(slug)
    if not _known_well_enough(definition):
        return redirect(apply_page.sign_in_url(definition.identity.level, url_for(".start", slug=slug)))
    return _start_page(definition)


def _start_page(definition: Definition, stopped: TooMany | None = None) -> str:
    mine, slug, context = applicant.owner(), definition.slug, desk.context()
    return render_template(
        "resident/apply_start.html",
        definition=definition,
        stops=_stops(definition, context),
        under_way=drafts.under_way(db(), mine, slug),
        earlier=[] if definition.once else same.earlier(db(), definition, {}, mine),
        person=context.person,
        wait=math.ceil(stopped.retry_after / 60) if stopped else None,
        department=desk.department_of(definition),
    )


@blueprint.post("/apply/start/<slug>")
@visitor_or_resident
def begin(slug: str) -> Response | tuple[str, int, dict[str, str]]:
    definition = desk.live_definition(slug)
    applicant.check_agency(slug)
    if not _known_well_enough(definition):
        return redirect(apply_page.sign_in_url(definition.identity.level, url_for(".start", slug=slug)), 303)
    context = desk.context()
    if _stops(definition, context):
        return redirect(url_for(".start", slug=slug), 303)
    person = context.person
    answers, marks = prefill.from_person(definition, person, {})
    draft = drafts.start(
        db(),
        definition,
        applicant.owner(),
        lang=guards.lang(),
        actor=guards.current_actor(),
        answers=answers,
        provenance=marks,
        agency=applicant.agency(slug),
    )
    try:
        quotas.count_draft(draft)
    except TooMany as many:
        transaction.undo()
        return _start_page(definition, many), 429, {"Retry-After": str(many.retry_after)}
    draft.line_user_id = _talk_about(slug) if draft.resident_id is None else None
    sessions.own("draft", draft.token)
    return redirect(url_for(".go_on", token=draft.token), 303)


@blueprint.get("/apply/<token>")
@visitor_or_resident
def go_on(token: str) -> Response:
    opened = desk.open_desk(token)
    if opened.draft.submitted_case_id is not None:
        return redirect(url_for("resident.send.receipt", token=token))
    key = opened.first_open_page()
    if key == "check":
        return redirect(url_for("resident.send.check", token=token))
    return redirect(url_for(".page", token=token, page_key=key))


@blueprint.get("/apply/<token>/pages/<page_key>")
@visitor_or_resident
def page(token: str, page_key: str) -> str | Response:
    opened = desk.open_desk(token)
    if opened.draft.submitted_case_id is not None:
        return redirect(url_for("resident.send.receipt", token=token))
    if opened.outcome.page(page_key) is None:
        return redirect(url_for(".go_on", token=token))
    if opened.draft.resident_id is None and applicant.owner().resident_id is not None:
        mine = applicant.owner()
        transaction.afterwards(lambda session: drafts.claim(session, mine))
    return apply_page.render(opened, page_key, check=request.args.get("mend") == "1")


@blueprint.post("/apply/<token>/pages/<page_key>")
@visitor_or_resident
def save(token: str, page_key: str) -> apply_actions.Answer:
    opened, may_show = desk.open_for_writing(token)
    if opened.draft.submitted_case_id is not None:
        return redirect(url_for("resident.send.receipt", token=token), 303)
    topic = next((topic for topic in opened.definition.pages if topic.key == page_key), None)
    if topic is None:
        return redirect(url_for(".go_on", token=token), 303)
    done = saving.save_page(
        db(),
        opened.draft,
        opened.definition,
        topic,
        typed_form(),
        seen=desk.seen_sent(),
        context=opened.context,
    )
    uploads = apply_actions.take_uploads(opened, topic)
    if not may_show:
        flash(_("入力した内容は保存しました。続けるには、もう一度サインインしてください。"))
        level = opened.definition.identity.level
        return redirect(apply_page.sign_in_url(level, url_for(".page", token=token, page_key=page_key)), 303)
    return apply_actions.carry_out(opened, page_key, done, uploads)


@blueprint.get("/apply/<token>/stopped/<page_key>")
@visitor_or_resident
def stopped(token: str, page_key: str) -> str | Response:
    opened = desk.open_desk(token)
    if not opened.outcome.stops:
        return redirect(url_for(".go_on", token=token))
    return render_template(
        "resident/apply_stopped.html",
        desk=opened,
        page_key=page_key,
        stops=opened.outcome.stops,
        department=desk.department(opened),
    )


@blueprint.get("/apply/<token>/saved")
@visitor_or_resident
def saved(token: str) -> str:
    opened = desk.open_desk(token)
    is_visitor = applicant.owner().resident_id is None
    return render_template(
        "resident/apply_saved.html", desk=opened, is_visitor=is_visitor, department=desk.department(opened)
    )


@blueprint.post("/apply/<token>/discard")
@visitor_or_resident
def discard(token: str) -> Response:
    opened = desk.open_desk(token)
    drafts.discard(db(), opened.draft, guards.current_actor())
    sessions.disown("draft", token)
    flash(_("書きかけの申請を消しました。"), "success")
    return redirect(url_for("resident.my.overview"), 303)


def _talk_about(slug: str) -> str | None:
    """The LINE user whose chat led this browser to this procedure."""
    talk = sessions.current().get(TALK)
    return talk["user_id"] if talk and talk["slug"] == slug else None


def _stops(definition: Definition, context: Context) -> list[Stop]:
    """Why this person cannot do it here now, whatever they would answer; known before they begin."""
    online = definition.online
    if online.status in ("none", "booking_only") and online.reason and online.instead:
        return [Stop("not_online", online.reason, online.instead)]
    return list(evaluate(definition, {}, context).stops)


def _known_well_enough(definition: Definition) -> bool:
    return apply_page.is_known_enough(definition.identity.level)
