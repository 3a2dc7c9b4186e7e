"""Answers as people read them: check page, staff view, PDF and CSV all use these rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from webapp.calendar.fiscal import fiscal_label
from webapp.form_engine.fields import AnyField, Choice, Group, Option
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Outcome, Row, Section
from webapp.yaml_source import Lang

NOT_ANSWERED = {"ja": "未入力", "easy": "書いて いません", "en": "Not answered"}
TO_FOLLOW = {
    "ja": "あとで提出({day}まで)",
    "easy": "あとで 出します({day}まで)",
    "en": "To follow (by {day})",
}
YES = {"ja": "はい", "easy": "はい", "en": "Yes"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def present(
    definition: Definition, answers: Mapping[str, Any], lang: Lang, outcome: Outcome
) -> list[Section]:
    """Return the visible answers by page; only those of the outcome, hidden ones never appear."""
    sections = []
    for page in outcome.pages:
        rows = [
            row
            for field in page.page.fields
            for row in _rows(field, field.key, outcome.answers, lang, outcome, None)
        ]
        sections.append(Section(page.title.in_(lang), tuple(rows), page.key))
    return sections


def text_of(field: AnyField, value: Any, lang: Lang, options: tuple[Option, ...] = ()) -> str:
    """One answer as a line (or lines) of text; empty where nothing was answered."""
    if value is None or value == [] or value == "":
        return ""
    if isinstance(value, Mapping) and "_raw" in value:
        raw = value["_raw"]
        return raw if isinstance(raw, str) else " ".join(str(part) for part in raw.values() if part)
    if isinstance(field, Choice):
        return _choices(field, value, lang, options)
    match field.type:
        case "date":
            return _day(value, lang)
        case "month":
            return month_text(str(value), lang)
        case "year":
            return f"{value}" if lang == "en" else f"{value}年"
        case "address":
            return address_line(value)
        case "postal":
            return f"〒{str(value)[:3]}-{str(value)[3:]}"
        case "tel":
            return tel_text(str(value))
        case "checkbox":
            return YES[lang]
        case "file":
            return "\n".join(str(item.get("name", "")) for item in value)
        case "place":
            return _place(value)
        case "group":
            return {"ja": f"{len(value)}件", "easy": f"{len(value)}つ", "en": f"{len(value)}"}[lang]
    return _number(field, value, lang) if field.type in ("integer", "decimal", "money") else str(value)


def label_of(field: AnyField, lang: Lang) -> str:
    """The label of a question."""
    return field.label.in_(lang)


def address_line(value: Mapping[str, str]) -> str:
    """An address as one line, postal code first."""
    postal = str(value.get("postal", ""))
    mark = f"〒{postal[:3]}-{postal[3:]} " if len(postal) == 7 else f"{postal} " if postal else ""
    line = "".join(str(value.get(part, "")) for part in ("prefecture", "city", "town", "block"))
    building = str(value.get("building", ""))
    return f"{mark}{line}{'　' + building if building else ''}".strip()


def day_text(day: date, lang: Lang) -> str:
    """「2026年4月1日」 or "1 Apr 2026"."""
    return (
        f"{day.day} {MONTHS[day.month - 1]} {day.year}"
        if lang == "en"
        else f"{day.year}年{day.month}月{day.day}日"
    )


def month_text(value: str, lang: Lang) -> str:
    """「2026年4月」 or "Apr 2026"."""
    try:
        year, month = int(value[:4]), int(value[5:7])
    except ValueError:
        return value
    return f"{MONTHS[month - 1]} {year}" if lang == "en" else f"{year}年{month}月"


def tel_text(digits: str) -> str:
    """Digits with hyphens where the cut is certain (mobile and IP numbers, free dial); else as they are."""
    if len(digits) == 11:
        return f"{digits[:3]}-{digits[3:7]}-{digits[7:]}"
    if len(digits) == 10 and digits.startswith(("0120", "0800", "0570")):
        return f"{digits[:4]}-{digits[4:7]}-{digits[7:]}"
    if len(digits) == 10 and digits.startswith(("03", "06")):
        return f"{digits[:2]}-{digits[2:6]}-{digits[6:]}"
    return digits


def _rows(
    field: AnyField, path: str, holder: Mapping[str, Any], lang: Lang, outcome: Outcome, heading: str | None
) -> Iterator[Row]:
    state = outcome.fields.get(path)
    if state is None or not state.visible:
        return
    value = holder.get(field.key)
    text = text_of(field, value, lang, state.options) or _nothing(path, lang, outcome)
    yield Row(path, label_of(field, lang), text, field.type, value, state.page, heading)
    if isinstance(field, Group) and isinstance(value, list):
        for number, row in enumerate(value, start=1):
            mark = f"{field.row.in_(lang)} {number}"
            inner = mark if heading is None else f"{heading} › {mark}"
            for column in field.fields:
                yield from _rows(column, f"{path}[{row['id']}].{column.key}", row, lang, outcome, inner)


def _nothing(path: str, lang: Lang, outcome: Outcome) -> str:
    for paper in outcome.attachments:
        if paper.path == path and paper.owed_until is not None:
            return TO_FOLLOW[lang].format(day=day_text(paper.owed_until, lang))
    return NOT_ANSWERED[lang]


def _choices(field: Choice, value: Any, lang: Lang, options: tuple[Option, ...]) -> str:
    labels = {option.value: option.label.in_(lang) for option in (*field.options, *options)}
    values = value if isinstance(value, list) else [value]
    if field.options_from is not None:
        labels = {str(v): labels.get(str(v), _year_text(str(v))) for v in values}
    return (", " if lang == "en" else "、").join(labels.get(str(v), str(v)) for v in values)


def _year_text(value: str) -> str:
    """A fiscal year that is no longer offered; what is no year stands as it was sent."""
    is_year = len(value) == 4 and value.isascii() and value.isdecimal() and value >= "1900"
    return fiscal_label(int(value)) if is_year else value


def _day(value: Any, lang: Lang) -> str:
    try:
        return day_text(date.fromisoformat(str(value)), lang)
    except ValueError:
        return str(value)


def _place(value: Mapping[str, Any]) -> str:
    point = f"{value['lat']}, {value['lon']}" if "lat" in value and "lon" in value else ""
    return " ".join(part for part in (str(value.get("note", "")), point) if part)


def _number(field: Any, value: Any, lang: Lang) -> str:
    text = f"{value:,}" if isinstance(value, int) else str(value)
    if field.type == "money":
        return f"{text} yen" if lang == "en" else f"{text}円"
    unit = field.unit.in_(lang) if field.unit else ""
    return f"{text} {unit}".strip() if lang == "en" else f"{text}{unit}"
