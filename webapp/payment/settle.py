"""Settle: the only place where money that arrived becomes part of the ledger.

It takes a truth the provider was asked for, never an event's body. Saying the same truth again changes
nothing; an amount, currency or reference that is not ours is parked for a person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import SYSTEM
from webapp.calendar.fiscal import fiscal_year
from webapp.payment import attempts, charges, refunds, states
from webapp.payment.models import Charge, PaymentAttempt, Settlement
from webapp.ports.payment import Truth

Outcome = Literal["settled", "already", "parked", "pending", "open", "failed", "expired", "unknown"]


@dataclass(frozen=True)
class Paid:
    """What a handler is told: ``late`` when the claim was already cancelled as the money came."""

    charge: Charge
    settlement: Settlement
    late: bool


OnSettled = Callable[[Session, Paid], bool]
OnPending = Callable[[Session, Charge, datetime], None]
OnCharge = Callable[[Session, Charge], None]


@dataclass(frozen=True)
class Handlers:
    """What a purpose does when its charge moves; all run in the settling transaction.

    ``on_settled`` answers whether what was paid for is given: False makes a refund due (a slot that
    was taken meanwhile). When it answers True to a late payment the claim is restored. ``on_pending``
    hears until when a konbini slip may be paid; ``on_lapsed`` that the claim has just lapsed unpaid;
    ``on_refunded`` that money went back.
    """

    on_settled: OnSettled
    on_pending: OnPending | None = None
    on_lapsed: OnCharge | None = None
    on_refunded: OnCharge | None = None


HandlersByPurpose = Mapping[str, Handlers]


@dataclass(frozen=True)
class Settled:
    """The result of saying one truth to the ledger."""

    outcome: Outcome
    attempt: PaymentAttempt | None = None
    settlement: Settlement | None = None
    refund_due: bool = False


def settle(
    session: Session,
    truth: Truth,
    handlers: HandlersByPurpose,
    *,
    found_by: str = "event",
    by: str = "system:-",
) -> Settled:
    """Bring the ledger to what the provider says is true; idempotent.

    ``found_by`` is event, return, reconciliation or desk; ``by`` the person who took cash. Raises
    KeyError for a charge whose purpose has no handler.
    """
    attempt = attempts.find(session, truth.provider, truth.provider_id, truth.reference)
    if attempt is None:
        return Settled("unknown")
    charge = charges.lock(session, attempt.charge_id)
    attempt = attempts.get(session, attempt.id)
    _note(attempt, truth)
    if truth.status == "paid":
        return _paid(session, charge, attempt, truth, handlers, found_by, by)
    return _unpaid(session, charge, attempt, truth, handlers)


def _note(attempt: PaymentAttempt, truth: Truth) -> None:
    attempt.checked_at = clock.now()
    attempt.provider_id = attempt.provider_id or truth.provider_id
    attempt.payment_id = truth.payment_id or attempt.payment_id
    attempt.method = truth.method or attempt.method
    attempt.failure = truth.failure or attempt.failure


def _paid(
    session: Session,
    charge: Charge,
    attempt: PaymentAttempt,
    truth: Truth,
    handlers: HandlersByPurpose,
    found_by: str,
    by: str,
) -> Settled:
    known = _settlement_of(session, attempt)
    if known is not None:
        known.fee_yen = known.fee_yen if truth.fee_yen is None else truth.fee_yen
        return Settled("already", attempt, known)
    trouble = disagreement(charge, attempt, truth)
    settlement = _write(charge, attempt, truth, trouble, found_by, by)
    session.add(settlement)
    states.step_attempt(attempt, "park" if trouble else "pay")
    attempt.ended_at = clock.now()
    if trouble:
        charges.restate(charge)
        session.flush()
        _record(session, charge, "payment.parked", {"yen": truth.amount_yen, "reason": trouble})
        return Settled("parked", attempt, settlement)
    refund_due = apply(session, charge, settlement, handlers)
    return Settled("settled", attempt, settlement, refund_due)


def apply(session: Session, charge: Charge, settlement: Settlement, handlers: HandlersByPurpose) -> bool:
    """Count a settlement for its charge and let the purpose act; returns whether a refund is due."""
    late = charge.cancelled_at is not None
    settlement.state = "applied"
    charge.settled_yen += settlement.amount_yen
    charge.open_yen -= settlement.amount_yen
    charges.restate(charge)
    session.flush()
    _record(session, charge, "payment.settled", {"yen": settlement.amount_yen, "method": settlement.method})
    given = handlers[charge.purpose].on_settled(session, Paid(charge, settlement, late))
    if given and late:
        charges.restore(session, charge, reason="期限後の入金を充てた", actor=SYSTEM)
    elif not given:
        refunds.propose(
            session,
            charge,
            settlement.amount_yen,
            cause="late" if late else "unavailable",
            rule=refunds.Rule("期限の後に入金され、提供できないため" if late else "提供できなくなったため"),
            actor=SYSTEM,
            settlement=settlement,
        )
    session.flush()
    return not given


def disagreement(charge: Charge, attempt: PaymentAttempt, truth: Truth) -> str | None:
    """Why this money cannot be counted without a person: currency, amount, reference, surplus; or None."""
    if truth.currency.lower() != "jpy":
        return "currency"
    if truth.amount_yen != attempt.amount_yen:
        return "amount"
    if truth.reference != attempt.key:
        return "reference"
    if charge.settled_yen + truth.amount_yen > charge.lines_yen:
        return "surplus"
    if charge.cancelled_at is None and truth.amount_yen > charge.open_yen:
        return "surplus"
    return None


def _write(
    charge: Charge, attempt: PaymentAttempt, truth: Truth, trouble: str | None, found_by: str, by: str
) -> Settlement:
    paid_at = truth.paid_at or clock.now()
    paid_on = clock.tokyo(paid_at).date()
    return Settlement(
        charge_id=charge.id,
        attempt_id=attempt.id,
        state="parked" if trouble else "applied",
        parked_reason=trouble,
        provider=truth.provider,
        method=truth.method or "card",
        channel="counter" if truth.method in ("cash", "pos", "slip", "local") else charge.channel,
        till=attempt.request.get("till"),
        amount_yen=truth.amount_yen,
        currency=truth.currency.lower(),
        fee_yen=truth.fee_yen,
        paid_at=paid_at,
        paid_on=paid_on,
        fiscal_year=fiscal_year(paid_on),
        recorded_at=clock.now(),
        recorded_by=by,
        found_by=found_by,
        refund_reserved_yen=0,
        refunded_yen=0,
    )


def _unpaid(
    session: Session, charge: Charge, attempt: PaymentAttempt, truth: Truth, handlers: HandlersByPurpose
) -> Settled:
    if attempt.status in ("paid", "parked"):
        return Settled("already", attempt, _settlement_of(session, attempt))
    if truth.status == "open":
        return Settled("open", attempt)
    if truth.status == "pending":
        _wait(session, charge, attempt, truth, handlers)
        return Settled("pending", attempt)
    states.step_attempt(attempt, "fail" if truth.status == "failed" else "expire")
    attempt.ended_at = attempt.ended_at or clock.now()
    charges.restate(charge)
    session.flush()
    return Settled("failed" if truth.status == "failed" else "expired", attempt)


def _wait(
    session: Session, charge: Charge, attempt: PaymentAttempt, truth: Truth, handlers: HandlersByPurpose
) -> None:
    if attempt.status in ("expired", "failed"):
        return
    first = attempt.status != "pending"
    states.step_attempt(attempt, "wait")
    attempt.pending_until = truth.pending_until
    attempt.instructions = dict(truth.instructions)
    charges.restate(charge)
    session.flush()
    on_pending = handlers[charge.purpose].on_pending
    if first and on_pending is not None and truth.pending_until is not None:
        on_pending(session, charge, truth.pending_until)


def _settlement_of(session: Session, attempt: PaymentAttempt) -> Settlement | None:
    return session.scalars(select(Settlement).where(Settlement.attempt_id == attempt.id)).one_or_none()


def _record(session: Session, charge: Charge, action: str, details: dict[str, object]) -> None:
    audit.record(
        session,
        SYSTEM,
        action,
        object_kind="charge",
        object_id=charge.id,
        case_id=charge.case_id,
        details=details,
    )
