from fractions import Fraction

import pytest

from webapp.tariff.money import Rounding, fraction, times_text, yen_text


@pytest.mark.parametrize(
    "mode, unit, exact, rounded",
    [
        ("floor", 10, Fraction(4446), 4440),
        ("floor", 10, Fraction(325), 320),
        ("ceil", 10, Fraction(2865), 2870),
        ("half_up", 10, Fraction(2865), 2870),
        ("half_up", 10, Fraction(2864), 2860),
        ("ceil", 100, Fraction(1, 3), 100),
        ("half_up", 1, Fraction(5, 2), 3),
        ("ceil", 10, Fraction(0), 0),
    ],
)
def test_amounts_round_to_their_unit(mode: str, unit: int, exact: Fraction, rounded: int) -> None:
    assert Rounding(mode, unit).apply(exact) == rounded  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text, value",
    [("6/5", Fraction(6, 5)), ("30%", Fraction(3, 10)), ("1.5", Fraction(3, 2)), (3, Fraction(3))],
)
def test_rates_are_read_exactly(text: str | int, value: Fraction) -> None:
    assert fraction(text) == value


@pytest.mark.parametrize("value", [0.1, "abc", "1/0", True])
def test_a_rate_that_is_not_exact_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="write"):
        fraction(value)  # type: ignore[arg-type]


def test_amounts_and_factors_read_like_a_receipt() -> None:
    assert yen_text(12345) == "12,345円"
    assert yen_text(Fraction(8893, 2)) == "4,446.5円"
    assert times_text(Fraction(6, 5)) == "×1.2"
    assert times_text(Fraction(1, 3)) == "×1/3"
