"""The desk of a correction: sent answers, what has been typed since, and what may be changed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from webapp.applications import mend
from webapp.casework.models import Case
from webapp.errors import NotFound
from webapp.form_engine import messages
from webapp.form_engine.changes import changes
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.fields import File
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Change, Context, Outcome, Problem
from webapp.form_engine.parse import parse_page
from webapp.intake import corrections, identity_number, places, rows, sheets
from webapp.intake.merging import fingerprints, merge
from webapp.intake.models import Answers, Correction
from webapp.intake.sniffing import SHOWN_INLINE
from webapp.resident import case_page, desk
from webapp.web import guards, ruby, uploads
from webapp.web.field_views import Drawing, page_views
from webapp.web.pages import typed_form
from webapp.web.transaction import db
from webapp.web.widgets import FieldView, dom_id

Errors = dict[str, list[str]]


@dataclass
class Mending:
    """One open correction in one request."""

    case: Case
    correction: Correction
    definition: Definition
    context: Context
    sent: Answers
    answers: Answers
    outcome: Outcome

    def refresh(self) -> None:
        self.answers = mend.mended(db(), self.correction)
        self.outcome = evaluate(self.definition, self.answers, self.context)

    @property
    def shown(self) -> frozenset[str]:
        """Marked paths, and questions that a mended answer has brought up."""
        marked = {item.path for item in self.correction.items}
        new = {key for key in self.definition.page_of if key not in self.sent and self._is_asked(key)}
        before = evaluate(self.definition, self.sent, self.context).fields
        return frozenset(marked | {key for key in new if key not in before or not before[key].visible})

    def _is_asked(self, key: str) -> bool:
        state = self.outcome.fields.get(key)
        return state is not None and state.visible

    @property
    def tops(self) -> list[str]:
        """The top-level questions of which the page shows something."""
        return list(dict.fromkeys(places.top(path) for path in self.shown))

    @property
    def seen(self) -> str:
        """Fingerprints of what the page shows, to be sent back with it."""
        return json.dumps(fingerprints(self.answers, self.tops), separators=(",", ":"))

    def problems(self) -> list[Problem]:
        return mend.open_problems(self.definition, self.correction, self.sent, self.answers, self.context)

    def changes(self) -> list[Change]:
        return changes(self.definition, self.sent, dict(self.outcome.answers), guards.lang())

    def texts(self, wrong: list[Problem], errors: Errors) -> Errors:
        found: Errors = {path: list(given) for path, given in errors.items()}
        for problem in wrong:
            text = messages.text(problem, self.definition, guards.lang())
            found.setdefault(problem.path, []).append(text)
        return found

    def views(self, texts: Errors) -> list[FieldView]:
        notes = {item.path: _note(item.reason, item.note) for item in self.correction.items}
        drawing = Drawing(
            outcome=self.outcome,
            answers=self.answers,
            lang=guards.lang(),
            errors=texts,
            notes=notes,
            file_urls=self._file_urls,
            only=self.shown,
        )
        return [view for page in self.outcome.pages for view in page_views(page.key, drawing)]

    def _file_urls(self, item: Mapping[str, Any]) -> dict[str, str | None]:
        url = url_for("resident.cases.file", reference=self.case.reference, file_id=item["file_id"])
        is_picture = item.get("type") in SHOWN_INLINE and str(item.get("type")).startswith("image/")
        return {"url": url, "preview_url": url if is_picture else None}

    def dom_id(self, path: str) -> str:
        return dom_id(path)


def open_mending(case: Case) -> Mending | None:
    """The correction that waits for the resident, ready to work on; None when there is none."""
    correction = corrections.waiting(db(), case.id)
    if correction is None:
        return None
    definition = mend.definition_of(db(), case)
    ruby.uses(definition)
    context = case_page.context_of(case)
    sent = sheets.latest(db(), case.id).answers
    answers = mend.mended(db(), correction)
    return Mending(
        case, correction, definition, context, sent, answers, evaluate(definition, answers, context)
    )


def take_form(mending: Mending) -> Errors:
    """Save what was typed into the marked fields, rows and files included."""
    correction = corrections.locked(db(), mending.correction.id)
    mending.correction = correction
    typed, posted = typed_form(), mending.answers
    for page in mending.definition.pages:
        posted = parse_page(mending.definition, page.key, typed, posted, mending.context)
    answers: Answers = merge(mending.answers, posted, desk.seen_sent(), mending.tops).answers
    refused = identity_number.found(mending.definition, answers)
    for path in refused:
        answers = places.put(answers, path, None)
    verb, _colon, rest = request.form.get("_action", "").partition(":")
    if verb == "add_row" and corrections.is_pinned(correction, rest):
        answers, _row = rows.add_row(mending.definition, answers, rest)
    elif verb == "remove_row" and corrections.is_pinned(correction, rest.rpartition("[")[0]):
        answers = rows.remove_row(mending.definition, answers, rest)
    elif verb == "remove_file":
        answers = _without_file(correction, answers, *rest.rpartition(":")[::2])
    correction.answers = {key: answers.get(key) for key in {*answers, *corrections.allowed_tops(correction)}}
    text = _("マイナンバー（個人番号）は書かないでください。書いた番号は保存していません。")
    errors: Errors = {path: [text] for path in refused}
    for path, found in _take_uploads(mending, correction).items():
        errors.setdefault(path, []).extend(found)
    return errors


def _without_file(correction: Correction, answers: Answers, path: str, file_id: str) -> Answers:
    if not corrections.is_pinned(correction, path):
        return answers
    left = [item for item in places.get(answers, path) or [] if item["file_id"] != file_id]
    return places.put(answers, path, left or None)


def _take_uploads(mending: Mending, correction: Correction) -> Errors:
    errors: Errors = {}
    for path, sent in request.files.items(multi=True):
        try:
            question = mending.definition.fields.get(places.plain(path))
        except NotFound:
            continue
        if not isinstance(question, File) or not sent.filename or not corrections.is_pinned(correction, path):
            continue
        try:
            _store(correction, path, question, sent.filename, sent.stream.read())
        except (uploads.FileRefused, uploads.StorageError) as refused:
            errors.setdefault(path, []).append(uploads.refusal_text(refused))
    return errors


def _store(correction: Correction, path: str, question: File, name: str, data: bytes) -> None:
    given = places.get(correction.answers, path) or []
    row, is_scanned = uploads.keep(path, question, name, data, already=len(given), case_id=correction.case_id)
    row.scan_state = "clean" if is_scanned else "unscanned"
    fresh = corrections.locked(db(), correction.id)
    now = [*(places.get(fresh.answers, path) or []), row.as_answer()]
    fresh.answers = places.put(fresh.answers, path, now)


def _note(reason: str, note: str | None) -> str:
    words = {
        "wrong": _("内容が違っているようです。"),
        "missing": _("足りないところがあります。"),
        "expired": _("期限が切れています。"),
        "unclear": _("はっきり読めません。"),
    }
    return f"{words.get(reason, '')}{note or ''}".strip()
