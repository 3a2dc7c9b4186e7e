"""Which lines a payment paid, exactly to the yen: for receipts, tax by rate, and reports.

A payment pays the lines that were claimed when it came, less what was waived before it and what earlier
payments paid. Where it does not cover them whole it is divided by their shares (合理的な按分).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from webapp.payment.models import Charge, ChargeLine, Settlement

BEFORE_PAYMENT = ("waived", "reduced")
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Part:
    """What one payment (or refund) says of one line; ``whole`` when it is the line's own amount."""

    line: ChargeLine
    amount_yen: int

    @property
    def whole(self) -> bool:
        return self.amount_yen == self.line.amount_yen


def divide(total_yen: int, weights: Mapping[Key, int]) -> dict[Key, int]:
    """Divide a sum by weights so that the parts add up exactly: the largest remainders get the odd yen.

    No part exceeds its weight when the sum does not exceed theirs. Without any weight the first gets all.
    """
    whole = sum(weights.values())
    if whole <= 0:
        return {key: total_yen if index == 0 else 0 for index, key in enumerate(weights)}
    parts = {key: total_yen * weight // whole for key, weight in weights.items()}
    odd = total_yen - sum(parts.values())
    order = sorted(weights, key=lambda key: -(total_yen * weights[key] % whole))
    for key in order[:odd]:
        parts[key] += 1
    return parts


def of_payment(charge: Charge, settlement: Settlement) -> list[Part]:
    """The lines an applied payment paid, in their order; together they are its amount."""
    paid = sorted((entry for entry in charge.settlements if entry.state == "applied"), key=_moment)
    taken: dict[int, int] = {}
    for entry in paid:
        shares = divide(entry.amount_yen, _remaining(charge, entry.recorded_at, taken))
        if entry.id == settlement.id:
            return [Part(line, shares[line.id]) for line in charge.lines if shares.get(line.id)]
        for line_id, yen in shares.items():
            taken[line_id] = taken.get(line_id, 0) + yen
    return []


def of_refund(charge: Charge, settlement: Settlement, amount_yen: int) -> list[Part]:
    """The lines that money going back belongs to, by what each of them had of the payment."""
    paid = {part.line.id: part.amount_yen for part in of_payment(charge, settlement)}
    shares = divide(amount_yen, paid)
    return [Part(line, shares[line.id]) for line in charge.lines if shares.get(line.id)]


def by_class(parts: Sequence[Part]) -> list[tuple[str, int]]:
    """Sums by tax class, in the order of the lines."""
    sums: dict[str, int] = {}
    for part in parts:
        sums[part.line.tax_class] = sums.get(part.line.tax_class, 0) + part.amount_yen
    return list(sums.items())


def by_item(parts: Sequence[Part]) -> dict[str, int]:
    """Sums by 歳入科目."""
    sums: dict[str, int] = {}
    for part in parts:
        sums[part.line.revenue_item] = sums.get(part.line.revenue_item, 0) + part.amount_yen
    return sums


def _remaining(charge: Charge, at: datetime, taken: Mapping[int, int]) -> dict[int, int]:
    """What was claimed on each line at that moment and not yet paid; a discount weighs on the others."""
    lines = [line for line in charge.lines if line.added_at is None or line.added_at <= at]
    claimed = {line.id: line.amount_yen for line in lines if line.amount_yen > 0}
    less = -sum(line.amount_yen for line in lines if line.amount_yen < 0)
    less += sum(
        entry.amount_yen
        for entry in charge.adjustments
        if entry.kind in BEFORE_PAYMENT and entry.made_at <= at
    )
    relief = divide(min(less, sum(claimed.values())), claimed)
    return {key: max(0, yen - relief[key] - taken.get(key, 0)) for key, yen in claimed.items()}


def _moment(settlement: Settlement) -> tuple[datetime, int]:
    return settlement.recorded_at, settlement.id
