"""What the buttons of a page do: go on, go back, add and remove rows and files, look up an address."""

from typing import Any

from flask import redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.errors import NotFound
from webapp.form_engine.fields import File
from webapp.form_engine.model import Page
from webapp.intake import drafts, files, places, postal, rows, saving
from webapp.intake.models import Draft
from webapp.intake.prefill import mark
from webapp.intake.saving import Saved
from webapp.resident import apply_page
from webapp.resident.desk import Desk
from webapp.web import uploads
from webapp.web.transaction import db
from webapp.web.widgets import dom_id

Errors = dict[str, list[str]]
Answer = str | Response | tuple[str, int]


def carry_out(opened: Desk, page_key: str, saved: Saved, errors: Errors) -> Answer:
    """Do what the pressed button says; without one, an answer was just saved."""
    opened.draft = drafts.locked(db(), saved.draft)
    for path in saved.refused:
        errors.setdefault(path, []).append(
            _("マイナンバー（個人番号）は書かないでください。書いた番号は保存していません。")
        )
    verb, _colon, rest = request.form.get("_action", "").partition(":")
    if _is_htmx() and verb in ("next", "later"):
        verb = ""  # only a real press of the button goes on; htmx merely saves
    if opened.outcome.page(page_key) is None:
        return redirect(url_for("resident.apply.go_on", token=opened.draft.token), 303)
    match verb:
        case "next":
            return _next(opened, page_key, errors)
        case "later":
            return redirect(url_for("resident.apply.saved", token=opened.draft.token), 303)
        case "add_row" | "remove_row" | "remove_file" | "take_back":
            return _changed(opened, page_key, _edit(opened, verb, rest), errors)
        case "lookup":
            return _look_up(opened, page_key, rest, errors)
    return _choose_candidates(opened, page_key, errors)


def take_uploads(opened: Desk, topic: Page) -> Errors:
    """Store every file that came with the page, each in its three steps; what was refused is told by path."""
    errors: Errors = {}
    for path, sent in request.files.items(multi=True):
        question = _file_question(opened, topic, path)
        if question is None or not sent.filename:
            continue
        try:
            _store(opened.draft, path, question, sent.filename, sent.stream.read())
        except (uploads.FileRefused, uploads.StorageError) as refused:
            errors.setdefault(path, []).append(uploads.refusal_text(refused))
    return errors


def _file_question(opened: Desk, topic: Page, path: str) -> File | None:
    try:
        plain = places.plain(path)
    except NotFound:
        return None
    question = opened.definition.fields.get(plain)
    return (
        question if isinstance(question, File) and places.top(path) in {f.key for f in topic.fields} else None
    )


def _store(draft: Draft, path: str, question: File, name: str, data: bytes) -> None:
    given = places.get(drafts.locked(db(), draft).answers, path) or []
    row, is_scanned = uploads.keep(path, question, name, data, already=len(given), draft=draft)
    files.arrived(db(), row, draft, scanned=is_scanned)


def _next(opened: Desk, page_key: str, errors: Errors) -> Answer:
    drawn = apply_page.values(opened, page_key, check=True, errors=errors, candidates=None)
    if drawn["error_list"]:
        return apply_page.render(opened, page_key, check=True, errors=errors), 422
    reached = [*[key for key in opened.draft.reached or [] if key != page_key], page_key]
    if opened.stops_at(page_key):
        return redirect(url_for("resident.apply.stopped", token=opened.draft.token, page_key=page_key), 303)
    drafts.touch(opened.draft, reached=reached)
    onward = opened.outcome.after(page_key)
    if onward is None or request.args.get("back") == "check":
        return redirect(url_for("resident.send.check", token=opened.draft.token), 303)
    return redirect(url_for("resident.apply.page", token=opened.draft.token, page_key=onward.key), 303)


def _edit(opened: Desk, verb: str, rest: str) -> str:
    """Change rows or files; returns the path to stand on afterwards."""
    draft = opened.draft
    if verb == "add_row":
        answers, row_id = rows.add_row(opened.definition, draft.answers, rest)
        drafts.touch(draft, answers=answers)
        return f"{rest}[{row_id}]"
    if verb == "remove_row":
        drafts.touch(draft, answers=rows.remove_row(opened.definition, draft.answers, rest))
        return rest.rpartition("[")[0]
    if verb == "take_back":
        opened.draft = saving.take_back(db(), draft, rest)
        return rest
    path, _colon, file_id = rest.rpartition(":")
    files.remove(db(), draft, file_id)
    opened.draft = drafts.locked(db(), draft)
    return path


def _changed(opened: Desk, page_key: str, path: str, errors: Errors) -> Answer:
    if _is_htmx() or errors:
        return _again(opened, page_key, errors)
    here = url_for("resident.apply.page", token=opened.draft.token, page_key=page_key)
    return redirect(f"{here}#{_anchor(path)}", 303)


def _anchor(path: str) -> str:
    """The id of what stands at a path: a question, or a row of a group."""
    if not path.endswith("]"):
        return f"field-{dom_id(path)}"
    group, _bracket, row_id = path.rstrip("]").rpartition("[")
    return f"row-{dom_id(group)}-{row_id}"


def _look_up(opened: Desk, page_key: str, path: str, errors: Errors) -> Answer:
    code = request.form.get(f"{path}.postal") or request.form.get(path) or ""
    found = postal.look_up(code)
    target = _address_for(opened, page_key, path)
    if len(found) == 1 and target:
        _fill(opened, target, found[0])
        return _changed(opened, page_key, target, errors)
    if not found:
        errors.setdefault(path, []).append(
            _("この郵便番号の住所は見つかりませんでした。住所をそのまま書いてください。")
        )
        return _again(opened, page_key, errors)
    return _again(opened, page_key, errors, {target or path: found})


def _choose_candidates(opened: Desk, page_key: str, errors: Errors) -> Answer:
    """An address was chosen among several of one postal code."""
    for name, value in request.form.items():
        path = name.removesuffix("._candidate")
        if path == name or not value:
            continue
        code = request.form.get(f"{path}.postal", "")
        place = next((place for place in postal.look_up(code) if place.label == value), None)
        if place is not None:
            _fill(opened, path, place)
    return _again(opened, page_key, errors)


def _address_for(opened: Desk, page_key: str, path: str) -> str | None:
    """The address a look-up fills: the question itself, or the one after a postal question."""
    question = opened.outcome.fields.get(path)
    if question is None or question.field.type == "address":
        return path if question else None
    keys = list(opened.page(page_key).fields)
    position = keys.index(path) + 1 if path in keys else len(keys)
    after = keys[position] if position < len(keys) else ""
    state = opened.outcome.fields.get(after)
    return after if state is not None and state.field.type == "address" else None


def _fill(opened: Desk, path: str, place: postal.Place) -> None:
    draft = opened.draft
    typed: Any = places.get(draft.answers, path)
    address = place.into(typed if isinstance(typed, dict) and "_raw" not in typed else {})
    marks = {**draft.provenance, path: mark("lookup")}
    drafts.touch(draft, answers=places.put(draft.answers, path, address), provenance=marks)


def _again(opened: Desk, page_key: str, errors: Errors, found: apply_page.Candidates | None = None) -> Answer:
    check = request.form.get("_checked") == "1"
    if _is_htmx():
        return apply_page.render_part(opened, page_key, check=check, errors=errors, candidates=found)
    body = apply_page.render(opened, page_key, check=check, errors=errors, candidates=found)
    return (body, 422) if errors else body


def _is_htmx() -> bool:
    return request.headers.get("HX-Request") == "true"
