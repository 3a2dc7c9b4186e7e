"""領収書: what was paid, to whom, with the tax by rate, from the ledger alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from webapp.errors import NotFound
from webapp.payment import tax
from webapp.payment.attempts import in_language
from webapp.payment.models import Charge, Settlement
from webapp.payment.tax import TaxShare

METHOD_WORDS: Mapping[str, str] = {
    "card": "クレジットカード",
    "paypay": "PayPay",
    "konbini": "コンビニ",
    "cash": "現金",
    "pos": "窓口のキャッシュレス端末",
    "slip": "納付書",
    "local": "地域通貨",
    "free": "無料",
    "bank": "口座振込",
}


@dataclass(frozen=True)
class Issuer:
    """Whose receipt it is; ``registration_number`` only where the payee is registered (適格請求書)."""

    name: str
    address: str = ""
    tel: str = ""
    registration_number: str | None = None


@dataclass(frozen=True)
class ReceiptLine:
    """One line as printed; ``reduced`` carries the mark ※."""

    label: str
    quantity: str
    unit_yen: int
    amount_yen: int
    tax_label: str
    reduced: bool


@dataclass(frozen=True)
class Receipt:
    """A receipt of one settlement. The amounts are the ledger's; tax is inside them."""

    number: str
    issuer: Issuer
    name: str
    paid_on: date
    method: str
    title: str
    lines: tuple[ReceiptLine, ...]
    shares: tuple[TaxShare, ...]
    total_yen: int
    refunded_yen: int


def receipt_of(charge: Charge, issuer: Issuer, settlement: Settlement | None = None) -> Receipt:
    """Return the receipt of the last (or the named) payment; raises NotFound where nothing was paid."""
    paid = [entry for entry in charge.settlements if entry.state == "applied"]
    chosen = settlement or (paid[-1] if paid else None)
    if chosen is None or chosen not in paid:
        raise NotFound("no payment to give a receipt for")
    lines = _lines(charge, chosen)
    return Receipt(
        number=number_of(chosen),
        issuer=issuer,
        name=str(charge.payer.get("name") or ""),
        paid_on=chosen.paid_on,
        method=METHOD_WORDS[chosen.method],
        title=in_language(charge.title, "ja"),
        lines=tuple(line for line, _ in lines),
        shares=tuple(tax.shares([(key, line.amount_yen) for line, key in lines])),
        total_yen=chosen.amount_yen,
        refunded_yen=chosen.refunded_yen,
    )


def number_of(settlement: Settlement) -> str:
    """The receipt's number: 年度 and the settlement's own number."""
    return f"R{settlement.fiscal_year}-{settlement.id:07d}"


def _lines(charge: Charge, settlement: Settlement) -> list[tuple[ReceiptLine, str]]:
    """The charge's lines, where this payment covers them whole; else one line for the part it paid."""
    if settlement.amount_yen == charge.lines_yen:
        return [(_line(line), line.tax_class) for line in charge.lines]
    classes = {line.tax_class for line in charge.lines}
    key = classes.pop() if len(classes) == 1 else "outside"
    label = tax.CLASSES[key].label if key != "outside" else "内訳は請求の明細のとおり"
    title = in_language(charge.title, "ja")
    part = ReceiptLine(title, "1", settlement.amount_yen, settlement.amount_yen, label, key == "reduced")
    return [(part, key)]


def _line(line: Any) -> ReceiptLine:
    return ReceiptLine(
        label=in_language(line.label, "ja"),
        quantity=line.quantity,
        unit_yen=line.unit_yen,
        amount_yen=line.amount_yen,
        tax_label=tax.CLASSES[line.tax_class].label,
        reduced=line.tax_class == "reduced",
    )
