"""A rule of opening or closing is one minute: days that do not exist, closed days, fixed days, the last minute."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from webapp import clock
from webapp.booking.moments import Days, closes_at, opens_at
from webapp.booking.rules import Moment
from webapp.booking.times import instant
from webapp.calendar.business import BusinessCalendar, city_hall

DAYS = Days(BusinessCalendar(weekdays=frozenset({0}), year_end=((12, 29), (1, 3))), city_hall())
"""A hall that is closed on Mondays and over the new year."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=clock.TOKYO)


@pytest.mark.parametrize(
    "rule, use, opens",
    [
        ({"months_before": 2, "day": 1, "at": "09:00"}, "2026-09-10", "2026-07-01T09:00"),
        # The 31st two months before, where that month has none.
        ({"months_before": 2, "day": 31}, "2026-04-15", "2026-02-28T00:00"),
        ({"months_before": 2, "day": 31, "missing": "next_first"}, "2026-04-15", "2026-03-01T00:00"),
        ({"months_before": 2}, "2026-08-31", "2026-06-30T00:00"),
        ({"months_before": 2, "missing": "next_first"}, "2026-08-31", "2026-07-01T00:00"),
        ({"months_before": 6}, "2028-08-30", "2028-02-29T00:00"),
        # 1 June 2026 is a Monday, 1 January a holiday of the hall.
        ({"months_before": 2, "day": 1, "if_closed": "next"}, "2026-08-20", "2026-06-02T00:00"),
        ({"months_before": 2, "day": 1, "if_closed": "previous"}, "2026-08-20", "2026-05-31T00:00"),
        ({"months_before": 2, "day": 1, "if_closed": "next"}, "2027-03-20", "2027-01-05T00:00"),
        ({"months_before": 2, "day": 1, "if_closed": "next", "closed_means": "city_hall"}, "2026-10-20",
         "2026-08-03T00:00"),
        ({"fixed": "2026-04-01", "at": "12:00"}, "2026-10-20", "2026-04-01T12:00"),
        ({"hours_before": 48}, "2026-06-10", "2026-06-08T18:00"),
        ({"business_days_before": 3}, "2026-06-10", "2026-06-06T00:00"),
        ({"months_before": 3, "eve": True}, "2026-06-01", "2026-02-28T00:00"),
    ],
)  # fmt: skip
def test_a_window_opens_at_one_minute(rule: dict[str, Any], use: str, opens: str) -> None:
    day = date.fromisoformat(use)
    found = opens_at(Moment.model_validate(rule), instant(day, 18 * 60), day, DAYS)
    assert found == at(opens)


@pytest.mark.parametrize(
    "rule, last_minute",
    [
        ({"days_before": 20}, "2026-05-21T23:59"),
        ({"days_before": 7, "at": "17:00"}, "2026-06-03T16:59"),
        ({"days_before": 0}, "2026-06-10T17:59"),
        ({"hours_before": 1}, "2026-06-10T16:59"),
        ({"business_days_before": 7}, "2026-06-02T23:59"),
    ],
)
def test_a_deadline_lets_its_last_minute_in_and_the_next_one_out(
    rule: dict[str, Any], last_minute: str
) -> None:
    day = date(2026, 6, 10)
    found = closes_at(Moment.model_validate(rule), instant(day, 18 * 60), day, DAYS)
    assert found == at(last_minute) + timedelta(minutes=1)
