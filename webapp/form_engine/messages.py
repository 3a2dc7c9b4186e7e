"""Problems in words: what is wrong and what to do next, in plain Japanese, easy Japanese and English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from webapp.form_engine import paths
from webapp.form_engine.fields import Check, Date, Month
from webapp.form_engine.message_texts import PARTS, TEXTS, WEEKDAY_NAMES
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Problem
from webapp.form_engine.present import day_text, label_of, month_text
from webapp.yaml_source import Lang, Text

ENTER = ("text", "textarea", "kana", "integer", "decimal", "money", "date", "month", "year", "time",
         "postal", "address", "tel", "email", "place")  # fmt: skip


def text(problem: Problem, definition: Definition, lang: Lang) -> str:
    """Return the message of ``problem`` for people, ending in what to do."""
    field = definition.fields.get(paths.plain(problem.path)) if problem.path else None
    own = _own(problem, definition)
    if own is not None:
        return own.in_(lang)
    wanted = TEXTS.get(_code(problem), TEXTS["wrong"])
    label = label_of(field, lang) if field is not None else definition.title.in_(lang)
    return wanted.in_(lang).format(label=label, **_words(problem, lang))


def _own(problem: Problem, definition: Definition) -> Text | None:
    field = definition.fields.get(paths.plain(problem.path)) if problem.path else None
    if problem.code == "check":
        return _check(problem.params["check"], [*(field.checks if field else []), *definition.checks])
    if field is None:
        return None
    limit = problem.params.get("limit")
    if isinstance(limit, int) and limit >= 0 and isinstance(field, Date | Month):
        return field.limits[limit].message
    if problem.code == "required":
        return field.messages.get("required")
    return field.messages.get("wrong") if problem.code.startswith("not_") else None


def _check(key: str, checks: list[Check]) -> Text | None:
    return next((check.message for check in checks if check.key == key), None)


def _code(problem: Problem) -> str:
    if problem.code != "required":
        return problem.code
    kind = problem.params.get("type", "text")
    return "required_enter" if kind in ENTER else f"required_{kind}"


def _words(problem: Problem, lang: Lang) -> dict[str, Any]:
    words: dict[str, Any] = dict(problem.params)
    is_month = bool(problem.params.get("month"))
    for name in ("earliest", "latest", "first", "next"):
        value = words.get(name)
        if isinstance(value, str) and len(value) == 10:
            words[name] = month_text(value, lang) if is_month else day_text(date.fromisoformat(value), lang)
        elif value is None and name == "first":
            words["first"] = "-"
    if "until" in words:
        words["until"] = _deadline(problem.params, lang)
    if "parts" in words:
        words["parts"] = _part_names(problem.params, lang)
    if "weekdays" in words:
        names = [WEEKDAY_NAMES[day].in_(lang) for day in problem.params["weekdays"]]
        words["weekdays"] = (" or " if lang == "en" else "・").join(names)
    for name in ("min", "max"):
        value = words.get(name)
        if isinstance(value, int | float):
            words[name] = f"{value:,}"
    return words


def _deadline(params: Mapping[str, Any], lang: Lang) -> str:
    moment = datetime.fromisoformat(params["until"]) - timedelta(minutes=1)
    clock = "" if params.get("clock") == "24:00" else f" {moment:%H:%M}"
    return day_text(moment.date(), lang) + clock


def _part_names(params: Mapping[str, Any], lang: Lang) -> str:
    joint = ", " if lang == "en" else "・"
    return joint.join(PARTS[part].in_(lang) for part in params["parts"])
