"""What the provider says of a refund, brought into the ledger; idempotent like ``settle``."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import SYSTEM
from webapp.payment import charges, states
from webapp.payment.models import Charge, Refund, Settlement
from webapp.payment.settle import HandlersByPurpose
from webapp.ports.payment import RefundTruth

_STEPS = {
    "pending": "send",
    "requires_action": "ask",
    "succeeded": "complete",
    "failed": "fail",
    "canceled": "fail",
}


def settle_refund(
    session: Session, provider: str, truth: RefundTruth, handlers: HandlersByPurpose
) -> Refund | None:
    """Note how a refund stands; money that went back counts once. None for a refund that is not ours."""
    refund = find(session, provider, truth)
    if refund is None:
        return None
    charge = charges.lock(session, refund.charge_id)
    session.refresh(refund)
    refund.provider_refund_id = refund.provider_refund_id or truth.refund_id
    if refund.status == "succeeded" and truth.status in ("failed", "canceled"):
        _bounce(session, charge, refund, truth)
        return refund
    if refund.status in ("succeeded", "withdrawn") or truth.amount_yen != refund.amount_yen:
        return refund
    if refund.status == "approved":
        states.step_refund(refund, "send")
        refund.sent_at = clock.now()
    states.step_refund(refund, _STEPS[truth.status])
    refund.failure = truth.failure
    if refund.status == "succeeded":
        complete(session, refund)
        charges.restate(charge)
        session.flush()
        on_refunded = handlers[charge.purpose].on_refunded
        if on_refunded is not None:
            on_refunded(session, charge)
    session.flush()
    return refund


def _bounce(session: Session, charge: Charge, refund: Refund, truth: RefundTruth) -> None:
    """Money that had gone back came back (a closed card or account): it is owed again, to a person's list."""
    states.step_refund(refund, "bounce")
    settlement = session.get_one(Settlement, refund.settlement_id, populate_existing=True)
    settlement.refunded_yen -= refund.amount_yen
    if settlement.state == "applied":
        charge.refunded_yen -= refund.amount_yen
        charge.open_yen -= refund.amount_yen
    refund.failure, refund.done_at, refund.done_on = truth.failure or "returned", None, None
    charges.restate(charge)
    session.flush()
    _record(session, refund, "refund.bounced")


def complete(session: Session, refund: Refund) -> None:
    """Count the money as gone back: at its settlement, and at its charge unless it was parked."""
    settlement = session.get_one(Settlement, refund.settlement_id, populate_existing=True)
    charge = refund.charge
    refund.done_at = clock.now()
    refund.done_on = clock.today()
    refund.failure = None
    settlement.refunded_yen += refund.amount_yen
    if settlement.state == "applied":
        charge.refunded_yen += refund.amount_yen
        charge.open_yen += refund.amount_yen
    _record(session, refund, "refund.succeeded")


def _record(session: Session, refund: Refund, action: str) -> None:
    audit.record(
        session,
        SYSTEM,
        action,
        object_kind="refund",
        object_id=refund.id,
        case_id=refund.case_id,
        details={"yen": refund.amount_yen, "method": refund.method},
    )


def find(session: Session, provider: str, truth: RefundTruth) -> Refund | None:
    """Find our refund by the provider's id, or by the key we gave."""
    same = Refund.provider_refund_id == truth.refund_id
    if truth.key:
        same = or_(same, Refund.key == truth.key)
    statement = (
        select(Refund)
        .join(Settlement, Settlement.id == Refund.settlement_id)
        .where(Settlement.provider == provider)
    )
    return session.scalars(statement.where(same)).one_or_none()
