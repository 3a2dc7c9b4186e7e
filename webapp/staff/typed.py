"""Reading what an officer typed into the small forms of the staff screens."""

from __future__ import annotations

from datetime import date

from werkzeug.datastructures import MultiDict

from webapp.calendar.era import from_era
from webapp.errors import InvalidInput

YEARS = range(1900, 2100)
"""Days of any other year are slips of the hand, and counting on from them may leave the calendar."""
LONGEST_AMOUNT = 9
"""Digits of yen in one matter."""


def day(form: MultiDict[str, str], name: str, *, required: bool = True) -> date | None:
    """Read the boxes of a date. Raises InvalidInput naming the field."""
    parts = [form.get(f"{name}.{part}", "").strip() for part in ("year", "month", "day")]
    if not any(parts):
        if required:
            raise InvalidInput("no date", field=name, say="日付を入力してください。")
        return None
    try:
        year, month, number = (int(part) for part in parts)
        era = form.get(f"{name}.era", "")
        found = from_era(era, year, month, number) if era else date(year, month, number)
        if found.year not in YEARS:
            raise ValueError(found.year)
        return found
    except (ValueError, OverflowError):
        raise InvalidInput(
            "no such date", field=name, say="日付を、年・月・日の数字で入力してください(例 2026 4 1)。"
        ) from None


def yen(form: MultiDict[str, str], name: str) -> int:
    """Read an amount in whole yen. Raises InvalidInput naming the field."""
    text = form.get(name, "").replace(",", "").replace("、", "").replace("円", "").strip()
    if not text.isdecimal() or len(text) > LONGEST_AMOUNT:
        raise InvalidInput("no amount", field=name, say="金額を、円の単位の数字で入力してください(例 300)。")
    return int(text)


def number(text: str | None, *, otherwise: int) -> int:
    """Read a whole number from an address; anything else is ``otherwise``."""
    return int(text) if text and text.isdecimal() and len(text) < 9 else otherwise


def choice_day(text: str | None) -> date | None:
    """Read ``YYYY-MM-DD`` from an address; anything else is None."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.year in YEARS else None
