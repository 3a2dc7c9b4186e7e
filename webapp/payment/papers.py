"""The papers of payment as data for ``templates/documents``: receipt, request to pay, refund notice."""

from collections.abc import Iterable
from typing import Any

from webapp.calendar.era import format_era
from webapp.city import City
from webapp.documents.letters import frame
from webapp.payment import parts as lines_paid
from webapp.payment import tax
from webapp.payment.attempts import in_language
from webapp.payment.models import Charge, Refund
from webapp.payment.receipts import METHOD_WORDS, Issuer, Receipt
from webapp.payment.tax import TaxShare


def issuer_of(charge: Charge, city: City) -> Issuer:
    """Whose paper it is: the payee of the charge, with its 登録番号 where it is registered."""
    payee = city.payees.get(charge.payee)
    if payee is None:
        return Issuer(charge.payee)
    address = payee.address.ja if payee.address else ""
    return Issuer(payee.name.ja, address, payee.tel or "", payee.registration_number)


def receipt_data(paper: Receipt, *, city: City, department: str | None) -> dict[str, Any]:
    """Data of payment_receipt.typ."""
    framed = frame(
        city,
        title="領収書",
        number=paper.number,
        department=department or city.front_desk_key,
        name=paper.name,
        sample=city.sample,
    )
    return framed | {
        "total": yen(paper.total_yen),
        "purpose": paper.title,
        "lines": [
            {
                "label": line.label + ("※" if line.reduced else ""),
                "quantity": line.quantity,
                "unit": yen(line.unit_yen),
                "amount": yen(line.amount_yen),
                "tax": line.tax_label,
            }
            for line in paper.lines
        ],
        "shares": _shares(paper.shares),
        "rows": [
            {"label": "領収日（納付日）", "text": format_era(paper.paid_on)},
            {"label": "お支払い方法", "text": paper.method},
            *([{"label": "返金済み", "text": yen(paper.refunded_yen)}] if paper.refunded_yen else []),
        ],
        "issuer": _issuer(paper.issuer),
    }


def request_data(charge: Charge, *, city: City) -> dict[str, Any]:
    """Data of payment_request.typ, a paper to pay by at the counter."""
    framed = frame(
        city,
        title="お支払いのお願い",
        number=f"P-{charge.id:07d}",
        department=charge.department or city.front_desk_key,
        name=str(charge.payer.get("name") or ""),
        sample=city.sample,
    )
    due = [{"label": "期限", "text": format_era(charge.due_on)}] if charge.due_on else []
    less = [("減免", charge.waived_yen), ("お支払い済み", charge.settled_yen - charge.refunded_yen)]
    return framed | {
        "total": yen(charge.open_yen),
        "purpose": in_language(charge.title, "ja"),
        "rows": [
            *(
                {"label": in_language(line.label, "ja"), "text": yen(line.amount_yen)}
                for line in charge.lines
            ),
            *({"label": label, "text": f"−{yen(amount)}"} for label, amount in less if amount),
            *due,
        ],
        "issuer": _issuer(issuer_of(charge, city)),
    }


def refund_data(refund: Refund, *, city: City) -> dict[str, Any]:
    """Data of payment_refund.typ, 還付通知書: the rule that applied, the sum, the way it goes back.

    With the tax by rate and the number of a registered payee it is the 適格返還請求書 as well (消費税法
    57条の4第3項).
    """
    charge = refund.charge
    framed = frame(
        city,
        title="還付通知書",
        number=refund.reference,
        department=charge.department or city.front_desk_key,
        name=str(charge.payer.get("name") or ""),
        sample=city.sample,
    )
    rule = refund.rule
    rows = [
        {"label": "還付する料金", "text": in_language(charge.title, "ja")},
        {"label": "納付された日", "text": format_era(refund.settlement.paid_on)},
        {"label": "納付された額", "text": yen(refund.settlement.amount_yen)},
        {"label": "還付する額", "text": yen(refund.amount_yen)},
        {"label": "還付の理由", "text": str(rule.get("reason") or "")},
        {"label": "あてはめた定め", "text": str(rule.get("citation") or "")},
        {"label": "計算", "text": str(rule.get("calculation") or "")},
        {"label": "お返しの方法", "text": METHOD_WORDS.get(refund.method, refund.method)},
    ]
    parts = lines_paid.of_refund(charge, refund.settlement, refund.amount_yen)
    return framed | {
        "rows": [row for row in rows if row["text"]],
        "shares": _shares(tax.shares(lines_paid.by_class(parts))),
        "issuer": _issuer(issuer_of(charge, city)),
        "instruction": city.instruction_text.ja,
    }


def yen(amount: int) -> str:
    """An amount as papers print it."""
    return f"{amount:,}円"


def _shares(shares: Iterable[TaxShare]) -> list[dict[str, str]]:
    """Sums by rate; the tax within is rounded once for each."""
    rows = []
    for share in shares:
        within = f"（うち消費税等 {yen(share.tax_yen)}）" if share.tax.percent else ""
        rows.append({"label": share.tax.label, "text": yen(share.total_yen) + within})
    return rows


def _issuer(issuer: Issuer) -> list[dict[str, str]]:
    rows = [("発行者", issuer.name), ("所在地", issuer.address), ("電話", issuer.tel)]
    rows.append(("登録番号", issuer.registration_number or ""))
    return [{"label": label, "text": text} for label, text in rows if text]
