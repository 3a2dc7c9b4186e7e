"""A day typed into three boxes (year, month, day), as the forms of procedures ask for it."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from webapp.form_engine import normalise

PARTS = ("year", "month", "day")
LONGEST = 12
CALENDAR_YEARS = range(2000, 2100)
"""Outside of these, counting months and days forward or back would leave the calendar."""


@dataclass(frozen=True)
class DayBoxes:
    """What stands in the boxes ``<name>.year``, ``.month`` and ``.day``, and the day it means.

    ``day`` is None for empty boxes and for what is no day; the texts stay as they were typed.
    """

    name: str
    texts: tuple[str, str, str]
    day: date | None

    @property
    def is_wrong(self) -> bool:
        """Something was typed that is no day."""
        return self.day is None and any(self.texts)

    @property
    def boxes(self) -> list[tuple[str, str]]:
        """(part, text) of each box."""
        return list(zip(PARTS, self.texts, strict=True))


def of_day(name: str, day: date | None) -> DayBoxes:
    """Boxes filled with a known day, or empty ones."""
    if day is None:
        return DayBoxes(name, ("", "", ""), None)
    return DayBoxes(name, (str(day.year), str(day.month), str(day.day)), day)


def read(values: Mapping[str, Any], name: str, otherwise: date | None = None) -> DayBoxes:
    """The day of a form or an address; ``otherwise`` where nothing was typed.

    Years of an era are understood (令和8, R8), and an ISO day under the plain name, as links carry it.
    """
    year, month, day = (str(values.get(f"{name}.{part}", "")).strip()[:LONGEST] for part in PARTS)
    if year or month or day:
        found = normalise.day(year, month, day)
        return DayBoxes(name, (year, month, day), _iso(found or ""))
    linked = _iso(str(values.get(name, "")))
    return of_day(name, linked or otherwise)


WRITTEN = re.compile(r"(?:(\d{4})[-/年])?(\d{1,2})[-/月](\d{1,2})日?")


def listed(text: str, first: date) -> list[date]:
    """The days of a list such as 「6/24、7月1日」; without a year the next such day from ``first`` on.

    Raises ValueError with the part that is no day.
    """
    parts = [part for part in re.split(r"[\s,、，・]+", unicodedata.normalize("NFKC", text)) if part]
    return [_written(part, first) for part in parts]


def _written(part: str, first: date) -> date:
    found = WRITTEN.fullmatch(part)
    if found is None:
        raise ValueError(part)
    year, month, day = (int(number) if number else None for number in found.groups())
    try:
        stands = date(year or first.year, month or 0, day or 0)
        return stands if year or stands >= first else stands.replace(year=first.year + 1)
    except ValueError:
        raise ValueError(part) from None


def _iso(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in CALENDAR_YEARS else None
