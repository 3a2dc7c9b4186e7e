"""Whether one given answer fits its question."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from webapp.conditions.dates import as_day
from webapp.form_engine import normalise
from webapp.form_engine.compiled import Ready
from webapp.form_engine.fields import WEEKDAYS
from webapp.form_engine.limits import active, apply_until, first_possible
from webapp.form_engine.outcome import FieldState, Problem
from webapp.form_engine.situation import Situation

Rows = tuple[dict[str, Any], ...]


def value_problems(
    ready: Ready, path: str, value: Any, state: FieldState, situation: Situation, rows: Rows
) -> Iterator[Problem]:
    """Yield what is wrong with ``value``; it is not empty."""
    kind = ready.field.type
    if isinstance(value, Mapping) and "_raw" in value:
        yield Problem(path, f"not_{kind}", {})
        return
    if kind in ("date", "month"):
        yield from _day(ready, path, value, situation, rows)
        return
    for code, params in CHECKS[kind](ready.field, value, state):
        yield Problem(path, code, params)


Found = Iterator[tuple[str, dict[str, Any]]]


def _text(field: Any, value: Any, state: FieldState) -> Found:
    if not isinstance(value, str):
        yield "not_text", {}
        return
    length = normalise.graphemes(value)
    if field.type == "kana" and not normalise.is_katakana(value):
        yield "not_kana", {}
    if length > field.max_length:
        yield "too_long", {"max": field.max_length, "over": length - field.max_length}
    if field.type != "text":
        return
    if field.min_length and length < field.min_length:
        yield "too_short", {"min": field.min_length, "length": length}
    code = normalise.narrow(value)
    if field.only == "digits" and not re.fullmatch(r"[\d-]+", code):
        yield "only_digits", {}
    elif field.only == "letters_digits" and not re.fullmatch(r"[A-Za-z0-9-]+", code):
        yield "only_letters_digits", {}
    elif field.length and len(code.replace("-", "") if field.only else value) != field.length:
        yield "wrong_length", {"length": field.length}


def _number(field: Any, value: Any, state: FieldState) -> Found:
    if isinstance(value, bool) or not isinstance(value, int | str):
        yield f"not_{field.type}", {}
        return
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        yield f"not_{field.type}", {}
        return
    if field.min is not None and number < Decimal(str(field.min)):
        yield "too_small", {"min": field.min}
    if field.max is not None and number > Decimal(str(field.max)):
        yield "too_big", {"max": field.max}
    exponent = number.as_tuple().exponent
    if field.type == "decimal" and isinstance(exponent, int) and -exponent > field.places:
        yield "too_many_places", {"places": field.places}


def _choice(field: Any, value: Any, state: FieldState) -> Found:
    if value not in [option.value for option in state.options]:
        yield "not_offered", {}


def _choices(field: Any, value: Any, state: FieldState) -> Found:
    offered = {option.value for option in state.options}
    if not isinstance(value, list) or not set(map(str, value)) <= offered:
        yield "not_offered", {}
        return
    if field.min and len(value) < field.min:
        yield "too_few", {"min": field.min}
    if field.max and len(value) > field.max:
        yield "too_many", {"max": field.max}


def _time(field: Any, value: Any, state: FieldState) -> Found:
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        yield "not_time", {}
    elif field.earliest and value < field.earliest:
        yield "too_early_time", {"earliest": field.earliest}
    elif field.latest and value > field.latest:
        yield "too_late_time", {"latest": field.latest}


def _postal(field: Any, value: Any, state: FieldState) -> Found:
    if not isinstance(value, str) or not re.fullmatch(r"\d{7}", value):
        yield "not_postal", {}


def _tel(field: Any, value: Any, state: FieldState) -> Found:
    if not isinstance(value, str) or not normalise.is_tel(value):
        yield "not_tel", {}


def _email(field: Any, value: Any, state: FieldState) -> Found:
    if not isinstance(value, str) or not normalise.is_email(value):
        yield "not_email", {}


def _address(field: Any, value: Any, state: FieldState) -> Found:
    if not isinstance(value, Mapping):
        yield "not_address", {}
        return
    postal = str(value.get("postal", ""))
    if "postal" not in field.without and postal and not re.fullmatch(r"\d{7}", postal):
        yield "not_postal", {}
    missing = [part for part in ("prefecture", "city", "town") if not str(value.get(part, "")).strip()]
    if missing:
        yield "address_parts" if state.required else "address_half", {"parts": missing}


def _checkbox(field: Any, value: Any, state: FieldState) -> Found:
    if value is not True:
        yield "not_checkbox", {}


def _file(field: Any, value: Any, state: FieldState) -> Found:
    if not isinstance(value, list) or not all(isinstance(f, Mapping) and f.get("file_id") for f in value):
        yield "not_file", {}
        return
    if len(value) > field.max_files:
        yield "too_many_files", {"max": field.max_files}
    if len(value) < field.min_files:
        yield "too_few_files", {"min": field.min_files, "given": len(value)}
    for item in value:
        if int(item.get("size") or 0) > field.max_mb * 1024 * 1024:
            yield "file_too_big", {"name": item.get("name", ""), "max": field.max_mb}


def _place(field: Any, value: Any, state: FieldState) -> Found:
    if not isinstance(value, Mapping) or not ({"lat", "lon"} <= set(value) or value.get("note")):
        yield "not_place", {}


def _group(field: Any, value: Any, state: FieldState) -> Found:
    if not isinstance(value, list):
        yield "not_group", {}
        return
    if len(value) < field.min_rows:
        yield "too_few_rows", {"min": field.min_rows}
    if len(value) > field.max_rows:
        yield "too_many_rows", {"max": field.max_rows}


def _day(ready: Ready, path: str, value: Any, situation: Situation, rows: Rows) -> Iterator[Problem]:
    kind = ready.field.type
    day = as_day(value)
    if day is None or len(str(value)) != (10 if kind == "date" else 7):
        yield Problem(path, f"not_{kind}", {})
        return
    if getattr(ready.field, "open_days_only", False) and not situation.calendar.is_open(day):
        yield Problem(path, "closed_day", {"next": situation.calendar.roll_forward(day).isoformat()})
    for limit in active(ready.limits, situation, rows):
        found = _limit(limit, day, situation, rows)
        if found is not None:
            code, params = found
            own = {"limit": limit.index} if limit.message is not None else {}
            yield Problem(path, code, {**params, **own, "month": kind == "month"})


def _limit(limit: Any, day: date, situation: Situation, rows: Rows) -> tuple[str, dict[str, Any]] | None:
    if limit.earliest is not None:
        earliest = limit.earliest(situation, rows)
        if earliest is not None and day < earliest:
            return "too_early", {"earliest": earliest.isoformat()}
    if limit.latest is not None:
        latest = limit.latest(situation, rows)
        if latest is not None and day > latest:
            return "too_late", {"latest": latest.isoformat()}
    if limit.weekdays and WEEKDAYS[day.weekday()] not in limit.weekdays:
        return "wrong_weekday", {"weekdays": limit.weekdays}
    if limit.apply_by is not None:
        until = apply_until(limit.apply_by, day, situation.calendar)
        if situation.now >= until:
            first = first_possible(limit.apply_by, situation)
            return "deadline_passed", {
                "until": until.isoformat(), "clock": limit.apply_by.until,
                "first": first.isoformat() if first else None,
            }  # fmt: skip
    return None


CHECKS: dict[str, Callable[[Any, Any, FieldState], Found]] = {
    "text": _text, "textarea": _text, "kana": _text,
    "integer": _number, "decimal": _number, "money": _number, "year": _number,
    "time": _time, "postal": _postal, "address": _address, "tel": _tel, "email": _email,
    "radio": _choice, "select": _choice, "multiselect": _choices, "checkbox": _checkbox,
    "file": _file, "place": _place, "group": _group,
}  # fmt: skip
