"""Answers that are already known: from the card, from the profile, from an earlier application."""

from collections.abc import Iterator
from typing import Any

from webapp import clock
from webapp.form_engine.fields import AnyField
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Person
from webapp.intake.models import Answers, Provenance

_PART_TYPES = {
    "name": ("text",),
    "name_kana": ("kana", "text"),
    "birth": ("date",),
    "address": ("address",),
    "postal": ("postal",),
    "tel": ("tel", "text"),
    "email": ("email",),
}


def from_person(
    definition: Definition, person: Person | None, answers: Answers
) -> tuple[Answers, Provenance]:
    """What card or profile answer among the still open questions, each with where it came from."""
    if person is None:
        return {}, {}
    found: Answers = {}
    marks: Provenance = {}
    for question, part in asked(definition):
        value = _value(person, part)
        if value is None or question.type not in _PART_TYPES[part]:
            continue
        locked = question.prefill is not None and question.prefill.lock == "card"
        is_from_card = person.sources.get(part, "profile") == "card"
        if answers.get(question.key) in (None, "", {}) or (locked and is_from_card):
            found[question.key] = value
            marks[question.key] = mark(person.sources.get(part, "profile"))
    return found, marks


def from_earlier(definition: Definition, earlier: Definition, answers: Answers) -> tuple[Answers, Provenance]:
    """The answers of an earlier application that fit this definition; files and consents are given anew."""
    copied = {
        question.key: _without_files(question, answers[question.key])
        for page in definition.pages
        for question in page.fields
        if question.key in answers and _fits(question, earlier.fields.get(question.key))
    }
    copied = {key: value for key, value in copied.items() if value not in (None, [], {})}
    return copied, {key: mark("previous") for key in copied}


def mark(source: str, **more: Any) -> dict[str, Any]:
    """A provenance mark: card, profile, previous, typed, corrected, staff or proxy, and since when."""
    return {"source": source, "at": clock.now().isoformat(), **more}


def asked(definition: Definition) -> Iterator[tuple[AnyField, str]]:
    """Every question about the person, with the part of a person it asks for."""
    for page in definition.pages:
        for question in page.fields:
            if question.prefill is not None:
                yield question, question.prefill.from_


def _value(person: Person, part: str) -> Any:
    if part == "birth":
        return person.birth.isoformat() if person.birth else None
    if part == "postal":
        return (person.address or {}).get("postal") or None
    if part == "address":
        return dict(person.address) if person.address else None
    return getattr(person, part) or None


def _fits(question: AnyField, before: AnyField | None) -> bool:
    return before is not None and before.type == question.type and question.type not in ("file", "checkbox")


def _without_files(question: AnyField, value: Any) -> Any:
    if question.type != "group" or not isinstance(value, list):
        return value
    kept = {column.key: column for column in question.fields if column.type not in ("file", "checkbox")}
    return [
        {
            "id": row["id"],
            **{key: _without_files(kept[key], inner) for key, inner in row.items() if key in kept},
        }
        for row in value
    ]
