"""Is a definition sound? Unreachable questions, gaps in tables, data kept for ever, missing words."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from webapp.form_engine.fee_model import FeeLine, FeeRule
from webapp.form_engine.fields import AnyField, Choice, Group
from webapp.form_engine.model import Definition
from webapp.form_engine.texts import texts_below
from webapp.form_engine.walk import Walk, walk
from webapp.yaml_source import Complaint, Source

Where = tuple[str | int, ...]
NUMBER_ASKED = re.compile(r"個人番号|マイナンバー(?!カード)|my number(?! card)|individual number", re.I)
PERSONAL_TYPES = ("kana", "address", "tel", "email", "postal")
GIVEN = {
    "name": (
        "text",
        re.compile(r"^(申請者|請求者|請求する人|届出人|あなた|ご?本人)?の?(氏名|お?名前|なまえ)$"),
    ),
    "name_kana": (
        "kana",
        re.compile(
            r"^(申請者|請求者|届出人|あなた|ご?本人)?の?(氏名)?の?[(（]?(フリガナ|ふりがな|カナ)[)）]?$"
        ),
    ),
    "birth": ("date", re.compile(r"^(申請者|請求者|届出人|あなた|ご?本人)?の?生年月日$")),
    "address": ("address", re.compile(r"^(申請者|請求者|届出人|あなた|ご?本人)?の?(住民登録している)?住所$")),
}


@dataclass(frozen=True)
class Finding:
    """Something the proof found; errors stop publication, warnings do not."""

    level: Literal["error", "warning"]
    complaint: Complaint


@dataclass(frozen=True)
class Proof:
    """All findings of one definition, and how much of it the walk saw."""

    findings: list[Finding]
    walk: Walk

    @property
    def errors(self) -> list[Complaint]:
        return [f.complaint for f in self.findings if f.level == "error"]

    @property
    def warnings(self) -> list[Complaint]:
        return [f.complaint for f in self.findings if f.level == "warning"]


def prove(definition: Definition, source: Source, today: date) -> Proof:
    """Check a loaded definition as it stands on ``today`` (Tokyo)."""
    walked = walk(definition, today)
    errors = [
        *_unreachable(definition, source, walked),
        *_numbers(definition, source),
        *_keeping(definition, source),
        *_asked_twice(definition, source),
        *_tables(definition, source),
    ]
    findings = [Finding("error", complaint) for complaint in errors]
    findings += [Finding("warning", complaint) for complaint in _missing_words(definition, source)]
    return Proof(findings, walked)


def findings(definition: Definition, source: Source, today: date) -> list[Finding]:
    """The findings of ``prove``."""
    return prove(definition, source, today).findings


def places(definition: Definition) -> dict[str, Where]:
    """Where every question stands in the file."""
    found: dict[str, Where] = {}

    def note(fields: list[AnyField], where: Where, prefix: str) -> None:
        for index, field in enumerate(fields):
            found[prefix + field.key] = (*where, index)
            if isinstance(field, Group):
                note(field.fields, (*where, index, "fields"), f"{prefix}{field.key}.")

    for number, page in enumerate(definition.pages):
        note(page.fields, ("pages", number, "fields"), "")
    return found


def _unreachable(definition: Definition, source: Source, walked: Walk) -> Iterator[Complaint]:
    for site in walked.never_true():
        yield source.complain(
            site.where, "this condition is never true", "change it, or remove what depends on it"
        )
    where = places(definition)
    for number, page in enumerate(definition.pages):
        if page.key not in walked.pages:
            yield source.complain(
                ("pages", number),
                f"page {page.key!r} is never shown",
                "change its show_if or remove the page",
            )
    for path, field in definition.fields.items():
        if path not in walked.shown:
            sort = "required but hidden for everyone" if field.required is True else "never shown"
            yield source.complain(
                where[path], f"question {path!r} is {sort}", "change its show_if, or remove the question"
            )
        if path in walked.unanswerable:
            yield source.complain(
                where[path],
                f"{path!r} is required, but for some people there is nothing to choose",
                "give an option without show_if",
            )


def _numbers(definition: Definition, source: Source) -> Iterator[Complaint]:
    where = places(definition)
    for path, field in definition.fields.items():
        if isinstance(field, Choice | Group) or field.type == "checkbox":
            continue
        words = f"{field.label.ja}\n{field.label.easy or ''}\n{field.label.en or ''}"
        if NUMBER_ASKED.search(words):
            yield source.complain(
                (*where[path], "label"),
                f"{path!r} asks for a 個人番号",
                "remove it and write in needs: that it is shown at the counter",
            )


def _keeping(definition: Definition, source: Source) -> Iterator[Complaint]:
    if definition.retention is not None:
        return
    for path, field in definition.fields.items():
        personal = (
            field.personal
            if field.personal is not None
            else field.type in PERSONAL_TYPES or bool(field.prefill)
        )
        if personal or field.sensitive:
            yield source.complain(
                places(definition)[path],
                f"{path!r} is personal, but nothing says how long it is kept",
                "write retention: {years: 3, then: delete}",
            )
            return


def _asked_twice(definition: Definition, source: Source) -> Iterator[Complaint]:
    if definition.identity.level not in ("card", "signed"):
        return
    filled = {field.prefill.from_ for field in definition.fields.values() if field.prefill}
    for path, field in definition.fields.items():
        for part, (kind, pattern) in GIVEN.items():
            if (
                "." not in path
                and part not in filled
                and field.type == kind
                and pattern.match(field.label.ja)
            ):
                yield source.complain(
                    places(definition)[path],
                    f"{path!r} asks what the card already gives",
                    f"write prefill: {{from: {part}}}",
                )


def _tables(definition: Definition, source: Source) -> Iterator[Complaint]:
    for name in ("fee", "benefit"):
        money: FeeRule | None = getattr(definition, name)
        if money is None:
            continue
        for index, line in enumerate(money.lines):
            yield from _bands(line, source, (name, "lines", index, "bands"))
        yield from _validity(money, source, (name, "lines"))


def _bands(line: FeeLine, source: Source, where: Where) -> Iterator[Complaint]:
    table = line.bands.table if line.bands else []
    for number, (band, after) in enumerate(itertools.pairwise(table)):
        place = (*where, "table", number + 1)
        if band.up_to is None:
            yield source.complain(
                place,
                "a band after the open last one is never reached",
                "only the last band leaves up_to out",
            )
        elif after.up_to is not None and after.up_to <= band.up_to:
            yield source.complain(
                place,
                f"bands overlap: up_to {after.up_to} comes after {band.up_to}",
                "write the bands in rising order",
            )


def _validity(money: FeeRule, source: Source, where: Where) -> Iterator[Complaint]:
    by_key: dict[str, list[tuple[int, FeeLine]]] = {}
    for index, line in enumerate(money.lines):
        by_key.setdefault(line.key, []).append((index, line))
    for key, lines in by_key.items():
        for (_, before), (index, after) in itertools.pairwise(lines):
            if before.if_ is not None or after.if_ is not None:
                continue
            if (
                before.valid_until is None
                or after.valid_from is None
                or after.valid_from < before.valid_until
            ):
                yield source.complain(
                    (*where, index),
                    f"fee line {key!r} holds twice on the same day",
                    "end the first with valid_until: on the day the second begins",
                )
            elif after.valid_from > before.valid_until:
                yield source.complain(
                    (*where, index),
                    f"no fee line {key!r} from {before.valid_until} to {after.valid_from}",
                    "let valid_from be the valid_until of the line before",
                )


def _missing_words(definition: Definition, source: Source) -> Iterator[Complaint]:
    for where, text in texts_below(definition):
        missing = text.missing()
        if missing and text.ja.strip():
            yield source.complain(
                where, f"text without {' and '.join(missing)}", "add it; until then the Japanese is shown"
            )
