"""How values read on a screen: dates with their era, yen, telephone and postal numbers, references."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request, url_for

from webapp.booking.times import clock_text, minutes_of
from webapp.calendar.era import format_era
from webapp.clock import tokyo
from webapp.web.languages import lang
from webapp.web.services import services
from webapp.yaml_source import Lang, Text

WEEKDAYS = "月火水木金土日"
WEEKDAY_READINGS = tuple(f"{first}ようび" for first in ("げつ", "か", "すい", "もく", "きん", "ど", "にち"))


def install(app: Flask) -> None:
    """Register every filter below, and `static_url`."""
    app.jinja_env.filters.update(
        t=text_of,
        date=date_text,
        date_short=date_short,
        date_time=date_time,
        clock_time=clock_time,
        until=until,
        iso_time=iso_time,
        weekday=weekday,
        yen=yen,
        tel=tel,
        tel_href=tel_href,
        postal=postal,
        file_size=file_size,
        reference=reference,
    )
    app.jinja_env.globals.update(static_url=static_url, shelf_icon=shelf_icon)


def text_of(value: Any) -> str:
    """A `Text` (or its stored form, or plain text) in the reader's language."""
    if value is None:
        return ""
    if isinstance(value, Mapping) and "ja" in value:
        chosen: Lang = lang()
        return str(value.get(chosen) or value["ja"])
    return value.in_(lang()) if isinstance(value, Text) else str(value)


def date_text(value: date | datetime | None, with_weekday: bool = True) -> str:
    """「令和8年11月20日（金）」, in English `20 November 2026 (Fri)`, in やさしい日本語 without the era."""
    day = _day(value)
    return "" if day is None else _spelled(day, with_weekday, lang())


@functools.lru_cache(maxsize=2048)
def _spelled(day: date, with_weekday: bool, lang: Lang) -> str:
    if lang == "easy":
        spelled = f"{day.year}年{day.month}月{day.day}日"
        return spelled + (f" {weekday(day)}曜日（{WEEKDAY_READINGS[day.weekday()]}）" if with_weekday else "")
    if lang == "en":
        return f"{day.day} {day:%B %Y}" + (f" ({day:%a})" if with_weekday else "")
    spoken = format_era(day) if day.year > 1868 else f"{day.year}年{day.month}月{day.day}日"
    return spoken + (f"（{weekday(day)}）" if with_weekday else "")


def date_short(value: date | datetime | None) -> str:
    """「11月20日（金）」, for lists where the year is clear."""
    day = _day(value)
    if day is None:
        return ""
    if lang() == "en":
        return f"{day.day} {day:%b (%a)}"
    if lang() == "easy":
        return f"{day.month}月{day.day}日 {weekday(day)}曜日（{WEEKDAY_READINGS[day.weekday()]}）"
    return f"{day.month}月{day.day}日（{weekday(day)}）"


def date_time(value: datetime | None) -> str:
    """「令和8年11月20日（金）午後3時05分」 and 「…午前9時」 on the clock of Asia/Tokyo."""
    if value is None:
        return ""
    at = tokyo(value)
    if lang() == "en":
        return f"{date_text(at)}, {at:%H:%M}"
    if lang() == "easy":
        return f"{date_text(at)} {at.hour}:{at:%M}"
    half, hour = ("午前", at.hour) if at.hour < 12 else ("午後", at.hour - 12)
    return f"{date_text(at)}{half}{hour}時" + (f"{at:%M}分" if at.minute else "")


def clock_time(at: datetime) -> str:
    """「13:00」 on the clock of Asia/Tokyo."""
    return clock_text(minutes_of(at))


def until(value: datetime | None) -> str:
    """The end of a period, before 「まで」: midnight is the end of the day before."""
    if value is None:
        return ""
    at = tokyo(value)
    if (at.hour, at.minute) == (0, 0):
        return date_text(at.date() - timedelta(days=1))
    return date_time(at)


def iso_time(value: date | datetime | None) -> str:
    """The machine-readable form for <time datetime>."""
    return "" if value is None else value.isoformat()


def weekday(value: date | datetime) -> str:
    """「金」."""
    day = _day(value)
    return WEEKDAYS[day.weekday()] if day else ""


def yen(value: int | None) -> str:
    """「1,200円」, in English `¥1,200`."""
    if value is None:
        return ""
    return f"¥{value:,}" if lang() == "en" else f"{value:,}円"


def tel(value: str | None) -> str:
    """Digits with hyphens where the grouping is certain; otherwise as given."""
    digits = tel_href(value)
    if not value or "-" in value or not digits.isdigit():
        return value or ""
    if len(digits) == 11:
        return f"{digits[:3]}-{digits[3:7]}-{digits[7:]}"
    if digits.startswith("0120") and len(digits) == 10:
        return f"{digits[:4]}-{digits[4:7]}-{digits[7:]}"
    if len(digits) == 10 and digits[:2] in ("03", "06"):
        return f"{digits[:2]}-{digits[2:6]}-{digits[6:]}"
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 10 else digits


def tel_href(value: str | None) -> str:
    """What a telephone dials: digits and a leading plus only."""
    return "".join(mark for mark in value or "" if mark.isdigit() or mark == "+")


def postal(value: str | None) -> str:
    """「123-4567」 for seven digits; anything else as typed."""
    if value and len(value) == 7 and value.isdigit():
        return f"{value[:3]}-{value[3:]}"
    return value or ""


def file_size(value: int | None) -> str:
    """「1.2MB」, 「340KB」."""
    if not value:
        return ""
    kilobytes = value / 1024
    if kilobytes < 1024:
        return f"{max(1, round(kilobytes))}KB"
    return f"{kilobytes / 1024:.1f}".removesuffix(".0") + "MB"


def reference(value: str) -> str:
    """A reference as it is read aloud: `26-4839-1572` -> 「2 6 の 4 8 3 9 の 1 5 7 2」."""
    joint = ", " if lang() == "en" else " の "
    return joint.join(" ".join(part) for part in value.split("-"))


def static_url(name: str) -> str:
    """The address of a static file, with its content in the query so that caches never serve an old one."""
    path = f"{current_app.static_folder}/{name}"
    try:
        stamp = os.stat(path).st_mtime_ns
    except FileNotFoundError:
        stamp = 0
    return _static_address(request.root_path, name, path, stamp)


@functools.lru_cache(maxsize=512)
def _static_address(_root: str, name: str, path: str, stamp: int) -> str:
    mark = hashlib.sha256(Path(path).read_bytes()).hexdigest()[:10] if stamp else "none"
    return url_for("static", filename=name, v=mark)


def _day(value: date | datetime | None) -> date | None:
    if isinstance(value, datetime):
        return tokyo(value).date()
    return value


def shelf_icon(key: str) -> str:
    """The icon of a category; a plain sheet where the city does not list it."""
    shelf = services().city.category(key)
    return shelf.icon if shelf else "file"
