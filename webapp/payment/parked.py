"""Money that was parked: a person counts it for its charge, or gives it back."""

from sqlalchemy.orm import Session

from webapp import audit
from webapp.audit import Actor
from webapp.errors import IllegalStep, InvalidInput
from webapp.payment import charges, refunds, settle, states
from webapp.payment.models import Refund, Settlement
from webapp.payment.settle import HandlersByPurpose


def count(session: Session, settlement: Settlement, handlers: HandlersByPurpose, *, actor: Actor) -> None:
    """Count parked yen for its charge; raises InvalidInput when it is not yen or more than is open."""
    charge = charges.lock(session, settlement.charge_id)
    session.refresh(settlement)
    if settlement.state != "parked" or settlement.refund_reserved_yen:
        raise IllegalStep("count", state=settlement.state)
    if settlement.currency != "jpy" or settlement.amount_yen > charge.open_yen:
        say = "この金額は、請求の残りを超えるか円ではないため、充てられません。返金してください。"
        raise InvalidInput("more than is open", say=say)
    states.step_attempt(settlement.attempt, "pay")
    settlement.parked_reason = None
    settle.apply(session, charge, settlement, handlers)
    audit.record(
        session,
        actor,
        "payment.counted",
        object_kind="charge",
        object_id=charge.id,
        case_id=charge.case_id,
        details={"yen": settlement.amount_yen},
    )


def give_back(session: Session, settlement: Settlement, *, reason: str, actor: Actor) -> list[Refund]:
    """Propose to give parked yen back whole; the charge's own balance does not move."""
    return refunds.propose(
        session,
        settlement.charge,
        refunds.left(settlement),
        cause="surplus",
        rule=refunds.Rule(reason),
        actor=actor,
        settlement=settlement,
    )
