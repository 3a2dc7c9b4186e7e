"""Telling a payer: a fee falls due soon, a refund needs an account. What is paid, its purpose tells."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.messaging.tell import Link, Recipient, tell
from webapp.payment.models import Charge, Refund

DAYS_BEFORE = 3


def payer_of(charge: Charge) -> Recipient:
    """The payer as somebody to tell; addresses may be missing."""
    payer = charge.payer
    return Recipient(
        resident_id=charge.resident_id,
        name=str(payer.get("name") or ""),
        email=payer.get("email") or None,
        tel=payer.get("tel") or None,
        lang=payer.get("lang") or "ja",
    )


def remind_due(session: Session, limit: int = 500) -> int:
    """Remind of fees that fall due in three days (Tokyo), once each; returns how many."""
    day = clock.today() + timedelta(days=DAYS_BEFORE)
    wanted = (
        Charge.due_on == day,
        Charge.open_yen > 0,
        Charge.cancelled_at.is_(None),
        Charge.blocked.is_(None),
    )
    found = list(session.scalars(select(Charge).where(*wanted).order_by(Charge.id).limit(limit)))
    for charge in found:
        tell(
            session,
            "payment_reminder",
            payer_of(charge),
            link=Link("charge", {"token": charge.token}),
            case_id=charge.case_id,
            data={
                "procedure": charge.title,
                "amount_yen": charge.open_yen,
                "due_on": charge.due_on,
                "department": charge.department,
            },
            dedupe_key=f"payment_reminder:{charge.id}:{charge.due_on}",
        )
    return len(found)


def ask_account(session: Session, refund: Refund) -> None:
    """Ask the payer for the account a transfer goes to, by a link of its own."""
    charge = refund.charge
    tell(
        session,
        "refund_account",
        payer_of(charge),
        link=Link("refund", {"token": refund.token}),
        case_id=refund.case_id,
        data={
            "procedure": charge.title,
            "amount_yen": refund.amount_yen,
            "department": charge.department,
        },
        dedupe_key=f"refund_account:{refund.key}",
    )
