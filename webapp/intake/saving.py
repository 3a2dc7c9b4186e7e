"""Saving what a page sent: parsed, merged answer by answer, written under the draft's lock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from webapp import clock
from webapp.errors import IllegalStep
from webapp.form_engine.model import Definition, Page
from webapp.form_engine.outcome import Context
from webapp.form_engine.parse import parse_page
from webapp.intake import drafts, identity_number, places
from webapp.intake.merging import Seen, merge
from webapp.intake.models import Answers, Draft, Provenance
from webapp.intake.prefill import mark

Form = Mapping[str, list[str]]
KEPT_ASIDE = 20


@dataclass
class Saved:
    """What a save did. ``refused`` are answers that hold an 個人番号 and were not written."""

    draft: Draft
    changed: list[str] = field(default_factory=list)
    overwritten: dict[str, Any] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def save_page(
    session: Session,
    draft: Draft,
    definition: Definition,
    page: Page,
    form: Form,
    *,
    seen: Seen,
    context: Context,
    lang: str | None = None,
) -> Saved:
    """Write what changed on this page. Two tabs are merged; a value that had to give way is kept aside.

    Answers that hold an 個人番号 are left out (番号法20条). Raises IllegalStep for a draft that was sent.
    """
    draft = drafts.locked(session, draft)
    if draft.submitted_case_id is not None:
        raise IllegalStep("save", state="submitted", say="この申請は送信済みです。")
    posted = parse_page(definition, page.key, form, draft.answers, context)
    merged = merge(draft.answers, posted, seen, [question.key for question in page.fields])
    refused = identity_number.found(definition, merged.answers)
    answers = merged.answers
    for path in refused:
        answers = places.put(answers, path, None)
    changed = [path for path in merged.changed if path not in refused]
    saved = Saved(draft, changed, merged.overwritten, refused)
    if answers != draft.answers or draft.page != page.key:
        drafts.touch(draft, answers=answers, page=page.key, **_marks(draft, changed), **_aside(draft, saved))
    if lang is not None:
        draft.lang = lang
    return saved


def put_answers(session: Session, draft: Draft, found: Answers, marks: Provenance) -> Draft:
    """Write answers from elsewhere (prefill, a looked-up address) with their marks."""
    draft = drafts.locked(session, draft)
    if found:
        drafts.touch(draft, answers={**draft.answers, **found}, provenance={**draft.provenance, **marks})
    return draft


def take_back(session: Session, draft: Draft, path: str) -> Draft:
    """Bring back the value that another screen had overwritten."""
    draft = drafts.locked(session, draft)
    value = next((kept["value"] for kept in reversed(draft.overwritten) if kept["path"] == path), None)
    if value is not None:
        left = [kept for kept in draft.overwritten if kept["path"] != path]
        drafts.touch(draft, answers=places.put(draft.answers, path, value), overwritten=left)
    return draft


def _marks(draft: Draft, changed: list[str]) -> dict[str, Any]:
    before = draft.provenance
    typed = {}
    for path in changed:
        was = before.get(path, {})
        source = was.get("was") or was.get("source")
        given = "proxy" if draft.on_behalf_of_id else "typed"
        typed[path] = mark(given, was=source) if source not in (None, "typed", "proxy") else mark(given)
    return {"provenance": {**before, **typed}} if typed else {}


def _aside(draft: Draft, saved: Saved) -> dict[str, Any]:
    if not saved.overwritten:
        return {}
    at = clock.now().isoformat()
    fresh = [{"path": path, "value": value, "at": at} for path, value in saved.overwritten.items()]
    return {"overwritten": [*draft.overwritten, *fresh][-KEPT_ASIDE:]}
