"""Consumption tax classes of a line. Amounts carry the tax inside (総額表示, 消費税法63条)."""

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.errors import InvalidInput


@dataclass(frozen=True)
class TaxClass:
    """A class with its rate in percent; ``basis`` is the article it rests on."""

    key: str
    label: str
    percent: int
    basis: str


CLASSES: Mapping[str, TaxClass] = {
    entry.key: entry
    for entry in (
        TaxClass("exempt", "非課税", 0, "消費税法6条・別表第二5号（行政手数料）"),
        TaxClass("standard", "10%対象", 10, "消費税法29条・地方税法72条の83"),
        TaxClass("reduced", "8%対象（軽減税率）", 8, "消費税法29条（軽減税率）"),
        TaxClass("outside", "対象外", 0, "消費税法2条1項8号にあたらないもの"),
    )
}
_OTHER_NAMES = {
    "non_taxable": "exempt", "none": "exempt", "tax_exempt": "exempt", "非課税": "exempt",
    "taxable": "standard", "taxable_10": "standard", "課税": "standard", "taxable_8": "reduced",
    "out_of_scope": "outside", "untaxed": "outside", "不課税": "outside",
}  # fmt: skip


def tax_class(name: str) -> TaxClass:
    """Return the class of that name; raises InvalidInput for a name no table knows."""
    key = _OTHER_NAMES.get(name, name)
    if key not in CLASSES:
        raise InvalidInput(f"tax class {name!r} is not one of {sorted(CLASSES)}", field="tax_class")
    return CLASSES[key]


@dataclass(frozen=True)
class TaxShare:
    """What one class contributes to a receipt: total with tax, and the tax within it."""

    tax: TaxClass
    total_yen: int
    tax_yen: int


def shares(amounts: list[tuple[str, int]]) -> list[TaxShare]:
    """Group (class, amount with tax) by class; tax is rounded down once per rate (適格請求書)."""
    totals: dict[str, int] = {}
    for name, amount in amounts:
        key = tax_class(name).key
        totals[key] = totals.get(key, 0) + amount
    return [TaxShare(CLASSES[key], yen, _within(yen, CLASSES[key].percent)) for key, yen in totals.items()]


def _within(total_yen: int, percent: int) -> int:
    return total_yen * percent // (100 + percent)
