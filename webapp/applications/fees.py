"""What an application costs becomes a charge on its case."""

from datetime import timedelta

from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.casework.models import Case
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Fee, Outcome
from webapp.payment import charges, policy
from webapp.payment.charges import Line
from webapp.payment.models import Charge

PURPOSE = "application_fee"


def charge_for(
    session: Session,
    case: Case,
    definition: Definition,
    outcome: Outcome,
    actor: Actor,
    *,
    payee: str = "city",
) -> Charge | None:
    """Open the charge of a fee that is due at submission.

    None where nothing is due now: free of charge, asked for later, or fixed by staff after review.
    """
    fee = outcome.fee
    if fee is None or fee.after_review or fee.later or not fee.total:
        return None
    rules = policy.rules()
    due_on = clock.today() + timedelta(days=rules.pay_within_days)
    charge = charges.open_charge(
        session,
        case_id=case.id,
        purpose=PURPOSE,
        lines=_lines(fee),
        payee=payee,
        due_on=due_on,
        lapse_on=rules.lapse_on(due_on),
        payer={**case.contact, "resident_id": case.resident_id},
        actor=actor,
        title=definition.title.model_dump(exclude_none=True),
        department=case.department,
    )
    reduction = sum(-line.amount_yen for line in fee.lines if line.amount_yen < 0)
    if reduction:
        reasons = "、".join(line.label.ja for line in fee.lines if line.amount_yen < 0)
        charges.waive(session, charge, reduction, reason=reasons, actor=actor)
    return charge


def _lines(fee: Fee) -> list[Line]:
    return [
        Line(
            label=line.label.model_dump(exclude_none=True),
            amount_yen=line.amount_yen,
            quantity=line.quantity,
            unit_yen=line.unit_yen,
            tax_class=line.tax_class,
            citation=line.citation,
        )
        for line in fee.lines
        if line.amount_yen >= 0
    ]


def follow(session: Session, case: Case, outcome: Outcome, actor: Actor) -> None:
    """After a correction: claim or waive only the difference, on the same charge, never twice."""
    fee = outcome.fee
    claims = [charge for charge in charges.of_case(session, case.id) if charge.purpose == PURPOSE]
    if (
        fee is None
        or fee.after_review
        or fee.total is None
        or not claims
        or claims[-1].cancelled_at is not None
    ):
        return
    charge = claims[-1]
    difference = fee.total - (charge.lines_yen - charge.waived_yen)
    if difference > 0:
        label = {"ja": "訂正による追加", "en": "Added after a correction"}
        charges.add_lines(session, charge, [Line(label=label, amount_yen=difference)], actor=actor)
    elif difference < 0:
        charges.waive(session, charge, -difference, reason="訂正による減額", actor=actor)
