"""The three boxes of a day: eras, links, and what is no day."""

from datetime import date

import pytest

from webapp.web import day_boxes

TODAY = date(2026, 5, 11)


def test_three_boxes_are_a_day_in_either_calendar() -> None:
    western = {"day.year": "2026", "day.month": "６", "day.day": "1"}
    era = {"day.year": "令和8", "day.month": "6", "day.day": "1"}
    assert day_boxes.read(western, "day").day == day_boxes.read(era, "day").day == date(2026, 6, 1)


def test_a_link_carries_the_day_in_one_word() -> None:
    boxes = day_boxes.read({"from": "2026-06-10"}, "from", TODAY)
    assert (boxes.day, boxes.texts) == (date(2026, 6, 10), ("2026", "6", "10"))


def test_what_is_no_day_stays_as_typed_and_is_not_replaced() -> None:
    boxes = day_boxes.read({"day.year": "2026", "day.month": "2", "day.day": "30"}, "day", TODAY)
    assert boxes.is_wrong and boxes.day is None
    assert boxes.texts == ("2026", "2", "30")


def test_empty_boxes_mean_the_usual_day() -> None:
    empty = {"day.year": "", "day.month": "", "day.day": ""}
    assert day_boxes.read(empty, "day", TODAY).day == TODAY
    assert not day_boxes.read(empty, "day").is_wrong


def test_a_list_of_days_goes_on_into_the_next_year_and_names_what_is_no_day() -> None:
    first = date(2026, 12, 1)
    assert day_boxes.listed("12/8、１月５日 2027-02-01", first) == [
        date(2026, 12, 8),
        date(2027, 1, 5),
        date(2027, 2, 1),
    ]
    with pytest.raises(ValueError, match="2/30"):
        day_boxes.listed("12/8, 2/30", first)
