"""From a posted form to answers. What cannot be read is kept as typed, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.form_engine import normalise
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.fields import Address, AnyField, Group, MultiSelect
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Outcome

Form = Mapping[str, list[str]]
ADDRESS_PARTS = ("postal", "prefecture", "city", "town", "block", "building")
LONGEST_TEXT = 20_000
ROW_ID = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"


def parse_page(
    definition: Definition, page_key: str, form: Form, answers: Mapping[str, Any], context: Context
) -> dict[str, Any]:
    """Return new answers with what the page sent. Questions that were not on the page keep their answer.

    An unticked box is absent from a form, so a visible box that is missing becomes unanswered. Locked
    answers cannot be changed from a form. What cannot be read becomes ``{"_raw": …}``.
    """
    page = next(page for page in definition.pages if page.key == page_key)
    before = evaluate(definition, answers, context)
    given = dict(answers)
    for field in page.fields:
        state = before.fields.get(field.key)
        if state is None or not state.readonly:
            _take(given, field, field.key, form, before)
    return given


def parse_field(field: AnyField, path: str, form: Form) -> Any:
    """Read one question that is no group; None where it was left empty."""
    match field.type:
        case "date":
            return _boxes(form, path, ("year", "month", "day"), _date)
        case "month":
            return _boxes(form, path, ("year", "month"), _month)
        case "address":
            return _address(field, form, path)
        case "multiselect":
            return list(dict.fromkeys(v for v in form.get(path, []) if v)) or None
        case "checkbox":
            return True if any(form.get(path, [])) else None
        case "place":
            return _place(form, path)
    text = (form.get(path) or [""])[0][:LONGEST_TEXT]
    return _read(field.type, text)


def _take(target: dict[str, Any], field: AnyField, path: str, form: Form, before: Outcome) -> None:
    if field.type == "file":
        return
    if isinstance(field, Group):
        if f"{path}.rows" in form:
            rows = _rows(field, path, form, target.get(field.key), before)
            _put(target, field.key, rows or None)
        return
    state = before.fields.get(path)
    was_shown = state is None or state.visible
    is_box = field.type == "checkbox" or isinstance(field, MultiSelect)
    if _is_sent(path, form) or (is_box and was_shown):
        _put(target, field.key, parse_field(field, path, form))


def _is_sent(path: str, form: Form) -> bool:
    return path in form or any(name.startswith(f"{path}.") for name in form)


def _put(target: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        target.pop(key, None)
    else:
        target[key] = value


def _rows(field: Group, path: str, form: Form, old: Any, before: Outcome) -> list[dict[str, Any]]:
    known = {row.get("id"): row for row in old} if isinstance(old, list) else {}
    rows = []
    for row_id in row_ids(form[f"{path}.rows"])[: field.max_rows + 1]:
        row = dict(known.get(row_id, {}))
        row["id"] = row_id
        for column in field.fields:
            _take(row, column, f"{path}[{row_id}].{column.key}", form, before)
        rows.append(row)
    return rows


def row_ids(values: list[str]) -> list[str]:
    """The ids of rows in their order, from one or several values."""
    ids = [i for value in values for i in value.replace(",", " ").split()]
    return [i for i in dict.fromkeys(ids) if len(i) <= 40 and all(c in ROW_ID for c in i)]


def _read(kind: str, text: str) -> Any:
    if kind == "textarea":
        return _or_none(normalise.free_text(text, lines=True))
    if kind in ("text", "radio", "select"):
        return _or_none(normalise.free_text(text))
    if not text.strip():
        return None
    match kind:
        case "kana":
            return normalise.katakana(text) or None
        case "email":
            return normalise.email(text)
        case "tel":
            return _or_raw(normalise.tel(text), text)
        case "postal":
            return _or_raw(normalise.postal(text), text)
        case "integer" | "money":
            return _or_raw(normalise.integer(text), text)
        case "decimal":
            return _or_raw(normalise.decimal(text), text)
        case "year":
            return _or_raw(normalise.year(text), text)
        case _:
            return _or_raw(normalise.clock(text), text)


def _or_none(text: str) -> str | None:
    return text if text.strip() else None


def _or_raw(value: Any, text: str) -> Any:
    return {"_raw": normalise.free_text(text)} if value is None else value


def _boxes(form: Form, path: str, parts: tuple[str, ...], read: Any) -> Any:
    typed = {part: normalise.free_text((form.get(f"{path}.{part}") or [""])[0])[:40] for part in parts}
    if not any(text.strip() for text in typed.values()):
        return None
    era = normalise.free_text((form.get(f"{path}.era") or [""])[0])[:4].strip()
    if era and typed["year"].strip():
        typed["year"] = era + typed["year"].strip()
    value = read(typed)
    return {"_raw": typed} if value is None else value


def _date(typed: Mapping[str, str]) -> str | None:
    return normalise.day(typed["year"], typed["month"], typed["day"])


def _month(typed: Mapping[str, str]) -> str | None:
    day = normalise.day(typed["year"], typed["month"], "1")
    found = normalise.year(typed["year"])
    month = normalise.integer(typed["month"].replace("月", ""))
    if day is None and (found is None or month is None or not 1 <= month <= 12):
        return None
    return day[:7] if day else f"{found:04}-{month:02}"


def _address(field: AnyField, form: Form, path: str) -> dict[str, str] | None:
    left_out = field.without if isinstance(field, Address) else []
    typed: dict[str, str] = {}
    for part in ADDRESS_PARTS:
        text = normalise.free_text((form.get(f"{path}.{part}") or [""])[0])[:200]
        if part in left_out or not text.strip():
            continue
        typed[part] = (normalise.postal(text) or text) if part == "postal" else text
    return typed or None


def _place(form: Form, path: str) -> dict[str, Any] | None:
    typed = {
        part: normalise.free_text((form.get(f"{path}.{part}") or [""])[0])[:200]
        for part in ("lat", "lon", "note")
    }
    if not any(text.strip() for text in typed.values()):
        return None
    value: dict[str, Any] = {"note": typed["note"]} if typed["note"].strip() else {}
    lat, lon = normalise.decimal(typed["lat"]), normalise.decimal(typed["lon"])
    if lat is not None and lon is not None and abs(float(lat)) <= 90 and abs(float(lon)) <= 180:
        return {**value, "lat": lat, "lon": lon}
    return value or {"_raw": typed}
