"""Telling a payer: a fee is due soon or overdue, a refund needs an account. Of payment its purpose tells."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.messaging.tell import Link, Recipient, tell
from webapp.payment import policy
from webapp.payment.models import Charge, Refund

MOST = 2_000
A_WEEK = timedelta(days=7)
"""How far back the overdue are looked for: longer than a worker is ever down."""


def payer_of(charge: Charge) -> Recipient:
    """The payer as somebody to tell; addresses may be missing."""
    payer = charge.payer
    return Recipient(
        resident_id=charge.resident_id,
        name=str(payer.get("name") or ""),
        email=payer.get("email") or None,
        tel=payer.get("tel") or None,
        lang=payer.get("lang") or "ja",
        line_user_id=payer.get("line_user_id") or None,
    )


def remind_due(session: Session, limit: int = MOST) -> int:
    """Remind of fees that fall due within the city's days (Tokyo), once each; returns how many were due.

    What was asked for today is left alone: the message that asked names the day.
    """
    last = clock.today() + timedelta(days=policy.rules().remind_days_before)
    midnight = clock.tokyo(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    soon = (Charge.due_on >= clock.today(), Charge.due_on <= last, Charge.opened_at < midnight)
    return _remind(session, "payment_reminder", soon, limit)


def remind_overdue(session: Session, limit: int = MOST) -> int:
    """Tell payers that the day to pay is over and until when they still can, once each; returns how many."""
    last = clock.today() - timedelta(days=policy.rules().remind_days_after)
    late = (Charge.due_on <= last, Charge.due_on > last - A_WEEK, Charge.pay_before.is_(None))
    return _remind(session, "payment_overdue", late, limit)


def _remind(session: Session, event: str, when: Sequence[ColumnElement[bool]], limit: int) -> int:
    wanted = (Charge.open_yen > 0, Charge.cancelled_at.is_(None), Charge.blocked.is_(None))
    found = list(session.scalars(select(Charge).where(*when, *wanted).order_by(Charge.id).limit(limit)))
    for charge in found:
        last_day = {"deadline": charge.lapse_on} if event == "payment_overdue" else {"due_on": charge.due_on}
        tell(
            session,
            event,
            payer_of(charge),
            link=Link("charge", {"token": charge.token}),
            case_id=charge.case_id,
            data={
                "procedure": charge.title,
                "amount_yen": charge.open_yen,
                "department": charge.department,
                **last_day,
            },
            dedupe_key=f"{event}:{charge.id}:{charge.due_on}",
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
