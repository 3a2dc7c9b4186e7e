"""Drawing one page of a draft, whole or as the part that htmx swaps."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.intake.postal import Place
from webapp.intake.sniffing import SHOWN_INLINE
from webapp.ports.identity import Level
from webapp.resident import desk
from webapp.resident.desk import Desk
from webapp.web import guards
from webapp.web.field_views import Drawing
from webapp.web.pages import PageForm, page_form
from webapp.web.widgets import FieldView, dom_id

Candidates = Mapping[str, list[Place]]
NORMALISED = ("tel", "postal", "kana", "integer", "decimal", "money", "email")


def render(
    opened: Desk,
    page_key: str,
    *,
    check: bool = False,
    errors: Mapping[str, list[str]] | None = None,
    candidates: Candidates | None = None,
) -> str:
    """The whole screen of a page."""
    return render_template(
        "resident/apply_page.html",
        **values(opened, page_key, check=check, errors=errors, candidates=candidates),
    )


def render_part(
    opened: Desk,
    page_key: str,
    *,
    check: bool = False,
    errors: Mapping[str, list[str]] | None = None,
    candidates: Candidates | None = None,
) -> Response:
    """What htmx swaps after an answer was saved: all fields, or only the marks when nothing else changes."""
    shown = values(opened, page_key, check=check, errors=errors, candidates=candidates)
    same = (
        request.form.get("_action", "") in ("", "next", "later")
        and request.form.get("_shape") == shown["shape"]
        and not _shows_other_text(shown["fields"])
    )
    response = make_response(render_template("resident/apply_fields.html", **shown, swap=not same))
    if same:
        response.headers["HX-Reswap"] = "none"
    return response


def values(
    opened: Desk,
    page_key: str,
    *,
    check: bool,
    errors: Mapping[str, list[str]] | None,
    candidates: Candidates | None,
) -> dict[str, Any]:
    """Everything the template of a page needs."""
    page = opened.page(page_key)
    form = page_form(opened.definition, page.page)(opened.draft.answers, opened.context, opened.lang)
    if check:
        form.validate()
    fields = form.views(_drawing(opened, errors or {}, candidates or {}))
    notices = [notice for notice in opened.outcome.notices if notice.at in (page.key, *page.fields)]
    stops = opened.outcome.stops if opened.stops_at(page_key) else ()
    summary = _summary(form, errors or {})
    overwritten = _overwritten(opened, page.fields)
    return {
        "desk": opened,
        "draft": opened.draft,
        "definition": opened.definition,
        "page": page,
        "fields": fields,
        "notices": notices,
        "stops": stops,
        "error_list": summary,
        "checked": check,
        "before": opened.before(page_key),
        "is_last": opened.outcome.after(page_key) is None,
        "overwritten": overwritten,
        "seen": desk.seen_of(opened, page_key),
        "shape": _shape(fields, [notices, len(stops), summary, overwritten, sorted(candidates or {})]),
        "mark": desk.page_mark(opened.draft.token),
        "department": desk.department(opened),
        "multipart": any(question.type in ("file", "group") for question in page.page.fields),
    }


def sign_in_url(level: str, back: str) -> str:
    """Where to sign in at this level, and where to go on afterwards."""
    return url_for("resident.sign_in.sign_in", next=back, level="account" if level == "none" else level)


def is_known_enough(level: str) -> bool:
    """Whether this browser's person is proved strongly enough."""
    wanted = min(Level.from_key(level), Level.CARD)  # a signature is asked for at the end, see sign.py
    return guards.current_level() >= wanted


def _drawing(opened: Desk, errors: Mapping[str, list[str]], candidates: Candidates) -> Drawing:
    token = opened.draft.token

    def file_urls(item: Mapping[str, Any]) -> dict[str, str | None]:
        url = url_for("resident.apply_files.show", token=token, file_id=item["file_id"])
        is_picture = item.get("type") in SHOWN_INLINE and str(item.get("type")).startswith("image/")
        return {"url": url, "preview_url": url if is_picture else None}

    return Drawing(
        outcome=opened.outcome,
        answers=opened.draft.answers,
        lang=opened.lang,
        errors=dict(errors),
        provenance=opened.draft.provenance,
        candidates={
            path: [(place.label, place.label, None) for place in found] for path, found in candidates.items()
        },
        lookups=_postal_fields(opened),
        file_urls=file_urls,
    )


def _postal_fields(opened: Desk) -> frozenset[str]:
    """Postal questions that stand before an address of the same page can fill it."""
    found = set()
    for page in opened.outcome.pages:
        questions = list(page.page.fields)
        for first, then in pairwise(questions):
            if first.type == "postal" and then.type == "address":
                found.add(first.key)
    return frozenset(found)


def _summary(form: PageForm, errors: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    merged = {
        **form.messages,
        **{path: [*form.messages.get(path, []), *texts] for path, texts in errors.items()},
    }
    return [(dom_id(path), text) for path, texts in merged.items() for text in texts]


def _overwritten(opened: Desk, paths: Iterable[str]) -> list[dict[str, Any]]:
    """Values another screen had given and this one replaced, as long as they differ from what stands now."""
    latest = {kept["path"]: kept["value"] for kept in opened.draft.overwritten or []}
    shown = set(paths)
    return [
        {"path": path, "label": opened.label_of(path), "text": _plain(value)}
        for path, value in latest.items()
        if path in shown
    ]


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("_raw", value)
    if isinstance(value, Mapping):
        return " ".join(str(part) for part in value.values() if part)
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def _shape(fields: list[FieldView], others: list[Any]) -> str:
    """A digest of everything drawn except the values: the same shape needs no swap."""
    plain = [[_outline(view) for view in fields], others]
    return hashlib.blake2b(json.dumps(plain, default=str).encode(), digest_size=8).hexdigest()


def _outline(view: FieldView) -> list[Any]:
    rows = [[row.id, [_outline(inner) for inner in row.fields]] for row in view.rows]
    files = [item.get("file_id") for item in view.files] if view.type == "file" else []
    options = [option[0] for option in view.options]
    return [
        view.path,
        view.required,
        view.readonly,
        view.hint,
        view.note,
        options,
        rows,
        files,
        bool(view.provenance),
    ]


def _shows_other_text(fields: Iterable[FieldView]) -> bool:
    """Whether a normalised answer now reads otherwise than it was typed."""
    for view in fields:
        if any(_shows_other_text(row.fields) for row in view.rows):
            return True
        typed = request.form.get(view.name)
        if view.type in NORMALISED and typed is not None and typed != view.text:
            return True
    return False
