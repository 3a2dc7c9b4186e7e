"""Entering an application for someone: choose the procedure, fill in one long page, check, send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import clock
from webapp.applications import enter, review, same
from webapp.applications.submit import GAPS, NotReady
from webapp.errors import InvalidInput, NotFound
from webapp.form_engine import messages
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Outcome, Problem, Section
from webapp.form_engine.present import present
from webapp.form_engine.problems import problems
from webapp.intake import drafts, places, postal, rows, saving, versions
from webapp.intake.models import Draft
from webapp.staff import desk, enter_files, typed
from webapp.web import sessions
from webapp.web.field_views import Drawing, page_views
from webapp.web.guards import current_actor, staff_required, staff_scope
from webapp.web.pages import typed_form
from webapp.web.services import services
from webapp.web.transaction import db
from webapp.web.widgets import dom_id

blueprint = Blueprint("enter", __name__, url_prefix="/enter")


@dataclass
class Entry:
    """One draft under an officer's hands."""

    draft: Draft
    definition: Definition
    context: Context
    channel: str
    received_on: date

    @property
    def outcome(self) -> Outcome:
        return evaluate(self.definition, self.draft.answers, self.context)


@blueprint.get("")
@staff_required("case.enter")
def choose() -> str:
    return _choose({})


@blueprint.post("")
@staff_required("case.enter")
def begin() -> Response | tuple[str, int]:
    channel = request.form.get("channel", "")
    definition = next((one for one in _procedures() if one.slug == request.form.get("slug")), None)
    errors: dict[str, str] = {}
    received = clock.today()
    try:
        received = typed.day(request.form, "received") or received
        enter.check_day(received)
    except InvalidInput as wrong:
        errors["received"] = wrong.say or "日付を確かめてください。"
    if definition is None:
        errors["slug"] = "手続きを選んでください。"
    if channel not in enter.CHANNELS:
        errors["channel"] = "受付の方法を選んでください。"
    if errors or definition is None:
        return _choose(errors), 422
    draft = enter.begin(db(), definition, current_actor())
    sessions.own("draft", draft.token)
    sessions.current()[f"enter:{draft.token}"] = {"channel": channel, "received": received.isoformat()}
    return redirect(url_for(".fill", token=draft.token), code=303)


@blueprint.get("/<token>")
@staff_required("case.enter")
def fill(token: str) -> str | Response:
    entry = _entry(token)
    if entry.draft.submitted_case_id is not None:
        return redirect(url_for("staff.inbox.inbox"), code=303)
    return _page(entry)


@blueprint.post("/<token>")
@staff_required("case.enter")
def save(token: str) -> str | Response | tuple[str, int]:
    entry = _entry(token)
    _save_pages(entry)
    errors = enter_files.take(entry.draft, entry.definition)
    entry.draft = drafts.locked(db(), entry.draft)
    verb, _colon, rest = request.form.get("_action", "").partition(":")
    if verb in ("add_row", "remove_row", "remove_file", "lookup"):
        errors.update(_edit(entry, verb, rest))
        return _page(entry, errors=errors)
    if verb != "send":
        return (_page(entry, errors=errors), 422) if errors else _page(entry)
    wrong = problems(entry.definition, entry.draft.answers, entry.context)
    if errors or (wrong and not _may_have_gaps(wrong)):
        return _page(entry, check=True, errors=errors), 422
    if wrong:
        return _page(entry, check=True, gaps=len(wrong)), 422
    return redirect(url_for(".check", token=token), code=303)


@blueprint.get("/<token>/check")
@staff_required("case.enter")
def check(token: str) -> str | Response:
    entry = _entry(token)
    if entry.draft.submitted_case_id is not None:
        return redirect(url_for("staff.inbox.inbox"), code=303)
    wrong = problems(entry.definition, entry.draft.answers, entry.context)
    if not _may_have_gaps(wrong):
        return redirect(url_for(".fill", token=token), code=303)
    labels = {row.path: row.label for section in _sections(entry) for row in section.rows}
    return render_template(
        "staff/enter_check.html",
        entry=entry,
        channel=enter.CHANNELS[entry.channel],
        sections=_sections(entry),
        gaps=[labels.get(problem.path, problem.path) for problem in wrong],
        deadline=review.suggested_deadline(desk.calendar()),
        fee=entry.outcome.fee,
        stops=entry.outcome.stops,
    )


@blueprint.post("/<token>/send")
@staff_required("case.enter")
def send(token: str) -> str | Response | tuple[str, int]:
    entry = _entry(token)
    try:
        done = enter.enter(
            db(),
            entry.draft,
            channel=entry.channel,
            received_on=entry.received_on,
            calendar=desk.calendar(),
            actor=current_actor(),
            accept_gaps=request.form.get("with_gaps") == "yes",
        )
    except NotReady:
        return _page(entry, check=True), 422
    flash(f"受け付けました。受付番号は{done.case.reference}です。", "success")
    return render_template(
        "staff/enter_send.html",
        case=done.case,
        password=done.password,
        may_read=desk.may("case.read", done.case),
        same=[other for other in same.others(db(), done.case) if desk.may("case.read", other)],
    )


def _may_have_gaps(wrong: list[Problem]) -> bool:
    """Something missing can be asked for later; something wrong has to be read again."""
    return all(problem.code in GAPS for problem in wrong)


def _sections(entry: Entry) -> list[Section]:
    return present(entry.definition, entry.draft.answers, "ja", entry.outcome)


def _procedures() -> list[Definition]:
    scope = staff_scope("case.enter")
    found = [services().library[slug] for slug in services().library]
    return [one for one in found if scope.covers(department=one.department, procedure=one.slug)]


def _choose(errors: dict[str, str]) -> str:
    form = request.form if request.method == "POST" else None
    wanted = request.form.get("slug") or request.args.get("slug", "")
    return render_template(
        "staff/enter_choose.html",
        under_way=_under_way(),
        procedures=[(one.slug, one.title.ja) for one in _procedures()],
        chosen=wanted,
        channel=desk.typed_field(
            form,
            "channel",
            "受付の方法",
            type="radio",
            value="counter",
            options=[(key, label, None) for key, label in enter.CHANNELS.items()],
            required=True,
            inline=True,
            errors=errors,
        ),
        received=desk.typed_field(
            form,
            "received",
            "受け付けた日",
            type="date",
            value=clock.today().isoformat(),
            required=True,
            errors=errors,
            hint="郵便は届いた日、窓口と電話は受けた日です。処理の期限はこの日から数えます。",
        ),
        errors=errors,
        error_list=desk.error_list(errors),
    )


def _under_way() -> list[Draft]:
    """The entries this officer has begun and not sent; they are lost with the session at the latest."""
    tokens = frozenset(one for one in sessions.owned("draft") if f"enter:{one}" in sessions.current())
    return drafts.under_way(db(), drafts.Owner(tokens=tokens))


def _entry(token: str) -> Entry:
    kept = sessions.current().get(f"enter:{token}")
    if kept is None or not sessions.owns("draft", token):
        raise NotFound("not this officer's entry", say="この入力は、始めた職員の画面からだけ続けられます。")
    draft = drafts.by_token(db(), token)
    definition = versions.load(db(), draft.version)
    received = date.fromisoformat(kept["received"])
    context = enter.context(kept["channel"], desk.calendar(), received)
    return Entry(draft, definition, context, kept["channel"], received)


def _save_pages(entry: Entry) -> None:
    """Save every page in turn: an answer may bring out the questions of a later one."""
    form = typed_form()
    for page in entry.definition.pages:
        saved = saving.save_page(
            db(), entry.draft, entry.definition, page, form, seen={}, context=entry.context
        )
        entry.draft = saved.draft


def _edit(entry: Entry, verb: str, path: str) -> dict[str, list[str]]:
    draft = entry.draft
    if verb == "add_row":
        drafts.touch(draft, answers=rows.add_row(entry.definition, draft.answers, path)[0])
    elif verb == "remove_row":
        drafts.touch(draft, answers=rows.remove_row(entry.definition, draft.answers, path))
    elif verb == "remove_file":
        enter_files.remove(draft, path.rpartition(":")[2])
        entry.draft = drafts.locked(db(), draft)
    else:
        return _look_up(entry, path)
    return {}


def _look_up(entry: Entry, path: str) -> dict[str, list[str]]:
    found = postal.look_up(request.form.get(f"{path}.postal") or request.form.get(path) or "")
    state = entry.outcome.fields.get(path)
    if not found or state is None or state.field.type != "address":
        return {path: ["この郵便番号の住所は見つかりませんでした。住所をそのまま入力してください。"]}
    now = places.get(entry.draft.answers, path)
    known = now if isinstance(now, dict) and "_raw" not in now else {}
    drafts.touch(entry.draft, answers=places.put(entry.draft.answers, path, found[0].into(known)))
    return {}


def _page(
    entry: Entry, *, check: bool = False, errors: dict[str, list[str]] | None = None, gaps: int = 0
) -> str:
    outcome = entry.outcome
    found: dict[str, list[str]] = dict(errors or {})
    if check:
        for problem in problems(entry.definition, entry.draft.answers, entry.context, outcome=outcome):
            found.setdefault(problem.path, []).append(messages.text(problem, entry.definition, "ja"))
    drawing = Drawing(
        outcome=outcome,
        answers=entry.draft.answers,
        lang="ja",
        errors=found,
        provenance=entry.draft.provenance,
        lookups=_lookups(outcome),
    )
    pages: list[tuple[Any, Any]] = [(page, page_views(page.key, drawing)) for page in outcome.pages]
    return render_template(
        "staff/enter_fill.html",
        entry=entry,
        channel=enter.CHANNELS[entry.channel],
        pages=pages,
        stops=outcome.stops,
        gaps=gaps,
        error_list=[(dom_id(path), text) for path, texts in found.items() for text in texts],
    )


def _lookups(outcome: Outcome) -> frozenset[str]:
    return frozenset(path for path, state in outcome.fields.items() if state.field.type == "address")
