"""National holidays (国民の祝日に関する法律), substitute and sandwiched days included."""

from datetime import date
from functools import lru_cache

import jpholiday


@lru_cache(maxsize=8192)
def holiday_name(day: date) -> str | None:
    """The Japanese name of the national holiday on `day`, or None."""
    name: str | None = jpholiday.is_holiday_name(day)
    return name or None


def is_national_holiday(day: date) -> bool:
    return holiday_name(day) is not None
