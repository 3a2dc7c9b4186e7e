"""On which days the desk books: one, a rhythm up to a last day, or the days that were written down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from webapp.booking import series
from webapp.web import day_boxes
from webapp.web.day_boxes import DayBoxes

RHYTHMS = [
    ("weekly", "毎週"),
    ("biweekly", "2週間ごと"),
    ("monthly", "毎月、同じ週の同じ曜日(第2火曜日など)"),
    ("days", "日を書き並べる"),
]


@dataclass(frozen=True)
class Repeat:
    """What stands in the form about repeating, the days it means, and what is wrong with it."""

    rhythm: str
    until: DayBoxes
    written: str
    days: list[date]
    errors: list[tuple[str, str]] = field(default_factory=list)


def read(form: Mapping[str, str], first: date) -> Repeat:
    """The days that were asked for, the first among them; it alone where nothing more was."""
    until = day_boxes.read(form, "until")
    rhythm = form.get("rhythm", "weekly")
    written = form.get("days", "")
    days, errors = _days(rhythm, first, until, written)
    if len(days) > series.MOST:
        errors.append(("days", f"一度に予約できるのは{series.MOST}日までです。日を減らしてください。"))
    return Repeat(rhythm, until, written, days, errors)


def _days(
    rhythm: str, first: date, until: DayBoxes, written: str
) -> tuple[list[date], list[tuple[str, str]]]:
    if rhythm == "days":
        return _written(written, first)
    if until.is_wrong:
        return [first], [("until", "最後の日を、実際にある日付で入れてください。")]
    if until.day is None:
        return [first], []
    if until.day < first:
        return [first], [("until", "最後の日は、最初の日より後にしてください。")]
    if rhythm == "monthly":
        return series.monthly(first, until.day), []
    return series.weekly(first, until.day, 2 if rhythm == "biweekly" else 1), []


def _written(written: str, first: date) -> tuple[list[date], list[tuple[str, str]]]:
    try:
        more = day_boxes.listed(written, first)
    except ValueError as wrong:
        say = f"「{wrong.args[0]}」は日付として読めません。12/5、12/19 のように入れてください。"
        return [first], [("days", say)]
    return sorted({first, *more}), []
