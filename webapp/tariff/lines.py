"""The lines of a fee: every yen with its reason."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from webapp.tariff.money import yen_text
from webapp.yaml_source import Text

LineClass = Literal["room", "equipment", "hvac", "light", "overtime", "admission", "fee", "rounding"]
"""Exemptions and surcharges choose their lines by this class."""

TaxClass = Literal["standard", "reduced", "exempt", "outside"]
"""Tax inside the amount, in payment's words: 10 percent, 8 percent, 非課税, 不課税."""


@dataclass(frozen=True)
class Step:
    """One calculation on the way from the printed figure to the amount."""

    label: Text
    operation: str
    result: Fraction
    citation: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "label": self.label.model_dump(exclude_none=True),
            "operation": self.operation,
            "result": str(self.result),
            "result_text": yen_text(self.result),
            "citation": self.citation,
        }


@dataclass(frozen=True)
class FeeLine:
    """One line of a quote. `amount_yen` is final; `unit_yen` and `quantity` are what the table prints."""

    key: str
    line_class: LineClass
    label: Text
    quantity: Fraction
    unit_yen: int
    amount_yen: int
    citation: str = ""
    unit_label: str = ""
    tax_class: TaxClass = "standard"
    steps: tuple[Step, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON for storing a frozen quote; quantities stay exact as text."""
        return {
            "key": self.key,
            "line_class": self.line_class,
            "label": self.label.model_dump(exclude_none=True),
            "quantity": str(self.quantity),
            "unit_yen": self.unit_yen,
            "amount_yen": self.amount_yen,
            "citation": self.citation,
            "unit_label": self.unit_label,
            "tax_class": self.tax_class,
            "steps": [step.to_json() for step in self.steps],
        }


def total(lines: tuple[FeeLine, ...] | list[FeeLine]) -> int:
    return sum(line.amount_yen for line in lines)
