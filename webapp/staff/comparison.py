"""Card beside declaration: what a provider asserts and what the application says, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from webapp.casework.models import Case
from webapp.casework.search import fold
from webapp.errors import NotFound
from webapp.form_engine.present import text_of
from webapp.identity.residency import same_place
from webapp.identity.residents import Asserted
from webapp.intake import prefill, sheets, versions
from webapp.web.filters import date_text
from webapp.web.transaction import db

PARTS = ("prefecture", "city", "town", "block")
LABELS = {"name": "氏名", "birth": "生年月日", "address": "住所"}


@dataclass(frozen=True)
class Compared:
    """One fact: what was asserted, what was declared (empty: not asked), and how they stand to each other."""

    label: str
    asserted: str
    declared: str
    differs: bool
    substituted: bool = False
    """Characters were replaced on the card: no likeness or difference says anything."""


def of_case(case: Case, said: Asserted, *, hide_address: bool) -> list[Compared]:
    """Return the facts that the card knows, each beside the newest answers of the case."""
    known = {"name": str(case.contact.get("name") or "")}
    return compare(said, known | _declared(case), hide_address=hide_address)


def compare(said: Asserted, declared: Mapping[str, str], *, hide_address: bool) -> list[Compared]:
    """Return what was asserted beside what was declared, by ``name``, ``birth`` and ``address``."""
    name = declared.get("name", "")
    birth = date_text(said.birth) if said.birth else ""
    lines = [
        _line("name", said.name, name, _plain(said.name) == _plain(name), said.name_substituted),
        _line("birth", birth, declared.get("birth", ""), birth == declared.get("birth")),
    ]
    if not hide_address:
        place = declared.get("address", "")
        same = same_place(said.address, place)
        lines.append(_line("address", said.address, place, same, said.address_substituted))
    return [line for line in lines if line.asserted]


def _line(part: str, asserted: str, declared: str, is_same: bool, substituted: bool = False) -> Compared:
    differs = bool(asserted and declared) and not is_same and not substituted
    return Compared(LABELS[part], asserted, declared, differs, substituted)


def _declared(case: Case) -> dict[str, str]:
    """The newest answers to the questions about the person, as text."""
    try:
        sheet = sheets.latest(db(), case.id)
    except NotFound:
        return {}
    found: dict[str, str] = {}
    for question, part in prefill.asked(versions.load(db(), sheet.version)):
        value = sheet.answers.get(question.key)
        if value in (None, "", {}) or part in found:
            continue
        if part == "address" and isinstance(value, dict):
            found[part] = "".join(str(value.get(key) or "") for key in PARTS)
        elif part == "birth" and isinstance(value, str):
            found[part] = date_text(date.fromisoformat(value))
        elif part in LABELS:
            found[part] = text_of(question, value, "ja")
    return found


def _plain(name: str) -> str:
    return "".join(fold(name).split())
