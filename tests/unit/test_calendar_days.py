from datetime import date

import pytest

from webapp.calendar.business import BusinessCalendar, NeverOpen, city_hall
from webapp.calendar.clocks import Pause, due_in_days, due_in_months, used_days
from webapp.calendar.era import NotInEra, era_year, format_era, parse_era
from webapp.calendar.fiscal import fiscal_label, fiscal_range, fiscal_year
from webapp.calendar.months import add_months, day_of_month_before, months_before, nth_weekday

TUESDAYS = BusinessCalendar(weekdays=frozenset({1}), if_holiday="next_day")


def test_a_tuesday_is_closed_and_the_year_end_is_closed() -> None:
    assert TUESDAYS.roll_forward(date(2025, 7, 1)) == date(2025, 7, 2)
    assert TUESDAYS.roll_forward(date(2026, 1, 1)) == date(2026, 1, 4)


def test_a_closed_weekday_that_is_a_holiday_moves_to_the_next_day() -> None:
    assert TUESDAYS.why_closed(date(2025, 9, 23)) is None
    assert TUESDAYS.why_closed(date(2025, 9, 24)) == "substitute"


def test_moving_to_the_next_weekday_jumps_over_the_golden_week() -> None:
    mondays = BusinessCalendar(weekdays=frozenset({0}), if_holiday="next_weekday")
    assert [day for day in range(4, 9) if not mondays.is_open(date(2026, 5, day))] == [7]


def test_second_and_fourth_tuesday_open_on_a_holiday() -> None:
    rule = BusinessCalendar(nth_weekdays=frozenset({(2, 1), (4, 1)}), if_holiday="open")
    assert not rule.is_open(date(2025, 9, 9))
    assert rule.is_open(date(2025, 9, 23))


def test_a_closed_thursday_that_is_a_holiday_counts_once() -> None:
    rule = BusinessCalendar(weekdays=frozenset({3}), close_on_holidays=True)
    assert rule.why_closed(date(2027, 9, 23)) == "holiday"
    assert rule.business_days_between(date(2027, 9, 22), date(2027, 9, 24)) == 1


def test_three_business_days_before_a_monday_is_wednesday() -> None:
    assert city_hall().subtract_business_days(date(2026, 6, 8), 3) == date(2026, 6, 3)


def test_business_days_pass_over_golden_week_and_local_holidays() -> None:
    assert city_hall().add_business_days(date(2025, 5, 2), 1) == date(2025, 5, 7)
    assert city_hall([date(2025, 5, 7)]).add_business_days(date(2025, 5, 2), 1) == date(2025, 5, 8)
    assert city_hall().roll_back(date(2025, 5, 5)) == date(2025, 5, 2)


def test_a_calendar_that_never_opens_says_so() -> None:
    with pytest.raises(NeverOpen):
        BusinessCalendar(weekdays=frozenset(range(7))).roll_forward(date(2026, 1, 5))


def test_months_before_a_day_that_does_not_exist() -> None:
    assert months_before(date(2026, 5, 31), 3) == date(2026, 2, 28)
    assert months_before(date(2026, 5, 31), 3, missing="next_first") == date(2026, 3, 1)
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)


def test_day_of_a_month_before_counts_from_the_month_of_use() -> None:
    assert day_of_month_before(date(2026, 6, 14), 12, 20) == date(2025, 6, 20)
    assert day_of_month_before(date(2026, 3, 1), 1, 31) == date(2026, 2, 28)


def test_a_month_without_a_fifth_monday() -> None:
    assert nth_weekday(2026, 2, 5, 0) is None
    assert nth_weekday(2026, 3, 5, 0) == date(2026, 3, 30)


def test_fiscal_years_begin_in_april() -> None:
    assert fiscal_year(date(2026, 3, 31)) == 2025
    assert fiscal_range(2025) == (date(2025, 4, 1), date(2026, 4, 1))
    assert [fiscal_label(y) for y in (2018, 2019, 2025)] == ["平成30年度", "令和元年度", "令和7年度"]


@pytest.mark.parametrize(
    "text, day",
    [
        ("令和8年5月1日", date(2026, 5, 1)),
        ("R8.5.1", date(2026, 5, 1)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("令和元年5月1日", date(2019, 5, 1)),
    ],
)
def test_era_dates_are_read_and_written(text: str, day: date) -> None:
    assert parse_era(text) == day
    if "." not in text and "R" not in text:
        assert parse_era(format_era(day)) == day


@pytest.mark.parametrize(
    "text", ["昭和66年1月1日", "令和8年2月30日", "令和0年5月1日", "五月", "平成40年1月1日"]
)
def test_impossible_era_dates_are_refused(text: str) -> None:
    with pytest.raises(NotInEra):
        parse_era(text)


def test_era_of_the_border_days() -> None:
    assert era_year(date(2019, 4, 30)) == ("平成", 31)
    assert era_year(date(2019, 5, 1)) == ("令和", 1)


def test_a_clock_in_days_skips_holidays_and_pauses() -> None:
    hall = city_hall()
    assert due_in_days(date(2025, 5, 1), 3, hall) == date(2025, 5, 8)
    pause = Pause(date(2025, 5, 7), date(2025, 5, 9))
    assert due_in_days(date(2025, 5, 1), 3, hall, [pause]) == date(2025, 5, 12)
    assert due_in_days(date(2025, 5, 1), 3, hall, [Pause(date(2025, 5, 7))]) is None
    assert used_days(date(2025, 5, 1), date(2025, 5, 9), hall, [pause]) == 2


def test_a_clock_in_months_runs_through_holidays_and_rolls_at_its_end() -> None:
    hall = city_hall()
    assert due_in_months(date(2025, 4, 3), 1, hall) == date(2025, 5, 7)
    assert due_in_months(date(2025, 3, 31), 1, hall) == date(2025, 4, 30)
    assert due_in_months(date(2025, 3, 31), 1, hall, [Pause(date(2025, 4, 10), date(2025, 4, 12))]) == date(
        2025, 5, 2
    )
