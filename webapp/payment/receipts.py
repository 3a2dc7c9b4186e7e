"""領収書: what was paid, to whom, with the tax by rate, from the ledger alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from webapp.errors import NotFound
from webapp.payment import parts as lines_paid
from webapp.payment import tax
from webapp.payment.attempts import in_language
from webapp.payment.models import Charge, Settlement
from webapp.payment.parts import Part
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
    paid = applied(charge)
    chosen = settlement or (paid[-1] if paid else None)
    if chosen is None or chosen not in paid:
        raise NotFound("no payment to give a receipt for")
    parts = lines_paid.of_payment(charge, chosen)
    return Receipt(
        number=number_of(chosen),
        issuer=issuer,
        name=str(charge.payer.get("name") or ""),
        paid_on=chosen.paid_on,
        method=METHOD_WORDS[chosen.method],
        title=in_language(charge.title, "ja"),
        lines=tuple(_line(part) for part in parts),
        shares=tuple(tax.shares(lines_paid.by_class(parts))),
        total_yen=chosen.amount_yen,
        refunded_yen=chosen.refunded_yen,
    )


def applied(charge: Charge) -> list[Settlement]:
    """The payments a receipt can be given for, oldest first."""
    return [entry for entry in charge.settlements if entry.state == "applied"]


def numbered(charge: Charge, number: str) -> Settlement | None:
    """The payment of this receipt number; None for an empty number. Raises NotFound."""
    if not number:
        return None
    found = next((entry for entry in applied(charge) if number_of(entry) == number), None)
    if found is None:
        raise NotFound(f"receipt {number!r}")
    return found


def number_of(settlement: Settlement) -> str:
    """The receipt's number: 年度 and the settlement's own number."""
    return f"R{settlement.fiscal_year}-{settlement.id:07d}"


def _line(part: Part) -> ReceiptLine:
    """The line as it was claimed where it was paid whole, else the part of it that was."""
    line = part.line
    label = in_language(line.label, "ja")
    return ReceiptLine(
        label=label if part.whole else f"{label}（一部）",
        quantity=line.quantity if part.whole else "1",
        unit_yen=line.unit_yen if part.whole else part.amount_yen,
        amount_yen=part.amount_yen,
        tax_label=tax.CLASSES[line.tax_class].label,
        reduced=line.tax_class == "reduced",
    )
