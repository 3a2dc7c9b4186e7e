"""Clock times of a day as minutes since midnight in Asia/Tokyo; 24:00 and overnight ends exist."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from webapp.clock import TOKYO

DAY_MINUTES = 24 * 60


def minutes(text: str) -> int:
    """ "09:00" -> 540, up to "48:00". Raises ValueError saying what to write."""
    hour, colon, minute = text.partition(":")
    if not (colon and hour.isdecimal() and len(minute) == 2 and minute.isdecimal() and int(minute) < 60):
        raise ValueError(f'{text!r} is no time | write it as "09:00", the end of the day as "24:00"')
    total = int(hour) * 60 + int(minute)
    if total > 2 * DAY_MINUTES:
        raise ValueError(f'{text!r} is too late | write a time up to "48:00"')
    return total


def clock_text(total: int) -> str:
    """540 -> "9:00"; after midnight 「翌」 stands before it."""
    if total > DAY_MINUTES:
        return "翌" + clock_text(total - DAY_MINUTES)
    return f"{total // 60}:{total % 60:02d}"


@lru_cache(maxsize=4096)
def instant(day: date, total: int) -> datetime:
    """The instant of `total` minutes after midnight of `day` in Asia/Tokyo, in UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=TOKYO)
    return (midnight + timedelta(minutes=total)).astimezone(UTC)


def day_of(at: datetime) -> date:
    return at.astimezone(TOKYO).date()


def minutes_of(at: datetime) -> int:
    local = at.astimezone(TOKYO)
    return local.hour * 60 + local.minute
