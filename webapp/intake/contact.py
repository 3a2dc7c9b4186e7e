"""Whom to write to and call about a set of answers, found by what the questions are for."""

from collections.abc import Iterator, Mapping
from typing import Any

from webapp.form_engine.model import Definition

_FROM = {"name": "name", "name_kana": "kana", "tel": "tel", "email": "email"}
_BY_TYPE = {"kana": "kana", "tel": "tel", "email": "email"}


def contact_of(
    definition: Definition, answers: Mapping[str, Any], *, lang: str, line_user_id: str | None = None
) -> dict[str, Any]:
    """Name, kana, tel, email and lang of the applicant; what was not asked or not given is missing.

    A question that may be prefilled with the person's own name, number or address is the applicant's;
    otherwise the first answer of a fitting type counts.
    """
    contact: dict[str, Any] = {"lang": lang}
    if line_user_id:
        contact["line_user_id"] = line_user_id
    for part, value in [*_declared(definition, answers), *_typed(definition, answers)]:
        contact.setdefault(part, value)
    return contact


def _declared(definition: Definition, answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for page in definition.pages:
        for question in page.fields:
            part = _FROM.get(question.prefill.from_) if question.prefill else None
            if part and (text := _text(answers.get(question.key))):
                yield part, text


def _typed(definition: Definition, answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for page in definition.pages:
        for question in page.fields:
            part = _BY_TYPE.get(question.type)
            if part is None and question.type == "text" and question.key.endswith("name"):
                part = "name"
            if part and (text := _text(answers.get(question.key))):
                yield part, text


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
