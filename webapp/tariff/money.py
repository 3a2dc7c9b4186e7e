"""Exact amounts and their rounding. Yen have no minor unit: a finished amount is an int."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

RoundingMode = Literal["floor", "ceil", "half_up"]
"""切捨て, 切上げ, 四捨五入."""

MODE_WORDS: dict[RoundingMode, str] = {"floor": "切り捨て", "ceil": "切り上げ", "half_up": "四捨五入"}


@dataclass(frozen=True)
class Rounding:
    """Round to a multiple of `unit` yen."""

    mode: RoundingMode = "floor"
    unit: int = 1

    def apply(self, amount: Fraction | int) -> int:
        steps = Fraction(amount) / self.unit
        whole, rest = divmod(steps.numerator, steps.denominator)
        if self.mode == "ceil" and rest:
            whole += 1
        if self.mode == "half_up" and rest * 2 >= steps.denominator:
            whole += 1
        return whole * self.unit

    @property
    def words(self) -> str:
        return f"{self.unit}円未満{MODE_WORDS[self.mode]}"


YEN_FLOOR = Rounding("floor", 1)
"""国等の債権債務等の金額の端数計算に関する法律2条: below one yen is cut off."""


def fraction(value: str | int | Fraction) -> Fraction:
    """An exact number from "6/5", "1.5", "30%" or an int. Raises ValueError; floats are refused."""
    if isinstance(value, float | bool):
        raise ValueError(f'{value!r} is not exact | write it in quotes, such as "3/2" or "1.5"')
    if isinstance(value, str) and value.strip().endswith("%"):
        return Fraction(value.strip()[:-1]) / 100
    try:
        return Fraction(value)
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f'{value!r} is no number | write an int or text such as "6/5" or "30%"') from error


def yen_text(amount: int | Fraction) -> str:
    """「1,234円」; an unrounded amount keeps up to two decimals (「4,446.5円」)."""
    if isinstance(amount, int) or amount.denominator == 1:
        return f"{int(amount):,}円"
    return f"{float(amount):,.2f}".rstrip("0").rstrip(".") + "円"


def times_text(factor: Fraction) -> str:
    """「×1.2」, or 「×1/3」 where the decimal would not end."""
    decimal = f"{float(factor):.4f}".rstrip("0").rstrip(".")
    return f"×{decimal}" if Fraction(decimal) == factor else f"×{factor}"
