"""個人番号 is recognised however it is typed, and other numbers are left alone."""

import pytest

from webapp.form_engine.guard import contains_individual_number


@pytest.mark.parametrize(
    "text",
    [
        "123456789018",
        "1234 5678 9018",
        "1234-5678-9018",
        "１２３４５６７８９０１８",
        "私の番号は1234‐5678‐9018です",
        "1 2 3 4 5 6 7 8 9 0 1 8",
    ],
)
def test_a_number_with_its_check_digit_is_recognised(text: str) -> None:
    assert contains_individual_number(text)


@pytest.mark.parametrize(
    "text", ["123456789012", "09012345678", "26-4839-1572", "1234567890189", "600-0001", ""]
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not contains_individual_number(text)
