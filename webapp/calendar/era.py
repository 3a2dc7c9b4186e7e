"""Japanese eras: 令和8年5月1日 and back again."""

import re
import unicodedata
from datetime import date, timedelta

ERAS: tuple[tuple[str, str, date], ...] = (
    ("令和", "R", date(2019, 5, 1)),
    ("平成", "H", date(1989, 1, 8)),
    ("昭和", "S", date(1926, 12, 25)),
    ("大正", "T", date(1912, 7, 30)),
    ("明治", "M", date(1868, 1, 25)),
)
FULL = re.compile(
    r"(令和|平成|昭和|大正|明治|[RHSTM])\.?(元|\d{1,2})(?:年|[./-])(\d{1,2})(?:月|[./-])(\d{1,2})日?"
)


class NotInEra(ValueError):
    """The text is no date, or the date does not lie in the era it names (昭和65年)."""


def era_year(day: date) -> tuple[str, int]:
    """(era name, year in it). Raises NotInEra before 1868-01-25."""
    for name, _, start in ERAS:
        if day >= start:
            return name, day.year - start.year + 1
    raise NotInEra(day.isoformat())


def format_era(day: date) -> str:
    """「令和8年5月1日」; the first year is 元年."""
    name, number = era_year(day)
    return f"{name}{'元' if number == 1 else number}年{day.month}月{day.day}日"


def from_era(era: str, year: int, month: int, day: int) -> date:
    """The date of an era name (令和) or letter (R). Raises NotInEra when the day is outside the era."""
    for position, (name, letter, start) in enumerate(ERAS):
        if era in (name, letter):
            result = _made(start.year + year - 1, month, day)
            end = ERAS[position - 1][2] if position else date.max
            # The first and last days of an era may be written either way: lenient to the whole year.
            if year >= 1 and start <= result < end:
                return result
            if year >= 1 and result.year in (start.year, (end - timedelta(days=1)).year):
                return result
            break
    raise NotInEra(f"{era}{year}年{month}月{day}日")


def parse_era(text: str) -> date:
    """Read 令和8年5月1日, R8.5.1, 平成元年1月8日 (full-width digits too). Raises NotInEra."""
    match = FULL.fullmatch(unicodedata.normalize("NFKC", text).strip().replace(" ", "").upper())
    if match is None:
        raise NotInEra(text)
    era, year, month, day = match.groups()
    return from_era(era, 1 if year == "元" else int(year), int(month), int(day))


def _made(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise NotInEra(f"{year}-{month}-{day}") from error
