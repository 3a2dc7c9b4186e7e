"""A charge in one language, ready to show: state, lines, what is left, what happened."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from webapp import clock
from webapp.payment import states
from webapp.payment.attempts import in_language
from webapp.payment.models import Charge, Refund

TONES = {
    "open": "attention",
    "overdue": "bad",
    "pending": "progress",
    "paid": "good",
    "waived": "good",
    "overpaid": "progress",
}


@dataclass(frozen=True)
class LineView:
    """One line of the charge."""

    label: str
    quantity: str
    unit_yen: int
    amount_yen: int


@dataclass(frozen=True)
class Slip:
    """A konbini slip that is out: what to say at the till, until when, and a page with more."""

    until: datetime | None
    instructions: dict[str, Any]
    url: str | None


@dataclass(frozen=True)
class ChargeView:
    """Everything a screen says about a charge."""

    token: str
    title: str
    state: str
    tone: str
    lines: tuple[LineView, ...]
    total_yen: int
    open_yen: int
    settled_yen: int
    waived_yen: int
    refunded_yen: int
    due_on: date | None
    hold_ends: datetime | None
    """The moment a hold ends, where that is within a day; at midnight ``due_on`` says it better."""
    opened_at: datetime
    slip: Slip | None
    failed: bool
    has_receipt: bool
    refunds: tuple[Refund, ...]
    parked: bool


def of(charge: Charge, lang: str) -> ChargeView:
    """Return the view of a charge."""
    pending = next((attempt for attempt in charge.attempts if attempt.status == "pending"), None)
    state = states.reading(charge, pending=pending is not None)
    last = charge.attempts[-1] if charge.attempts else None
    return ChargeView(
        token=charge.token,
        title=in_language(charge.title, lang),
        state=state,
        tone=TONES.get(state, "neutral"),
        lines=tuple(
            LineView(in_language(line.label, lang), line.quantity, line.unit_yen, line.amount_yen)
            for line in charge.lines
        ),
        total_yen=charge.lines_yen,
        open_yen=charge.open_yen,
        settled_yen=charge.settled_yen,
        waived_yen=charge.waived_yen,
        refunded_yen=charge.refunded_yen,
        due_on=charge.due_on,
        hold_ends=_within_a_day(charge.pay_before),
        opened_at=charge.opened_at,
        slip=None
        if pending is None
        else Slip(pending.pending_until, dict(pending.instructions or {}), pending.redirect_url),
        failed=charge.open_yen > 0 and last is not None and last.status == "failed",
        has_receipt=any(entry.state == "applied" for entry in charge.settlements),
        refunds=tuple(refund for refund in charge.refunds if refund.status != "withdrawn"),
        parked=any(
            entry.state == "parked" and entry.refunded_yen < entry.amount_yen for entry in charge.settlements
        ),
    )


def _within_a_day(moment: datetime | None) -> datetime | None:
    return None if moment is None or clock.tokyo(moment).time() == time.min else moment
