"""Giving money back (還付): proposed with the rule that applied, approved, sent, done.

A refund never exceeds what its payment has left: the settlement reserves it when it is proposed, by
a rule of the database. Above the city's limit a second person approves, also when it is reached in
parts, and again when a failed refund takes another way.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import SYSTEM, Actor
from webapp.db import new_token
from webapp.errors import Forbidden, InvalidInput, NotFound
from webapp.payment import charges, policy, states, telling
from webapp.payment.models import Charge, Refund, Settlement

AUTOMATIC = ("card", "paypay", "konbini")
HOW_BY_PAYMENT: Mapping[str, str] = {"pos": "cash", "local": "cash", "slip": "bank"}
METHODS = (*AUTOMATIC, "cash", "bank")


@dataclass(frozen=True)
class Rule:
    """Why so much: the reason in words, the article, and the calculation as the letter prints it."""

    reason: str
    citation: str = ""
    calculation: str = ""


def propose(
    session: Session,
    charge: Charge,
    amount_yen: int,
    *,
    cause: str,
    rule: Rule,
    actor: Actor,
    method: str | None = None,
    settlement: Settlement | None = None,
) -> list[Refund]:
    """Propose to give ``amount_yen`` back, of the latest payments first; the claim is lowered with it.

    ``cause`` is cancelled, waived, corrected, late, surplus, unavailable or other. One refund for each
    payment it touches. Below the city's limit it is approved at once. Raises InvalidInput when the
    payments have less left, or the method does not fit.
    """
    charge = charges.lock(session, charge.id)
    sources = [settlement] if settlement is not None else list(reversed(applied(charge)))
    if amount_yen <= 0 or amount_yen > sum(left(entry) for entry in sources):
        raise InvalidInput("more than what was paid and not yet given back", field="amount_yen")
    if settlement is None or settlement.state == "applied":
        _lower_claim(session, charge, amount_yen, rule, actor)
    counted = amount_yen + sum(entry.amount_yen for entry in charge.refunds if entry.status != "withdrawn")
    needs_approval = counted >= policy.rules().refund_approval_from_yen
    made = []
    for source in sources:
        part = min(amount_yen, left(source))
        if part > 0:
            made.append(_write(session, charge, source, part, cause, rule, method, actor, needs_approval))
            amount_yen -= part
    charges.restate(charge)
    session.flush()
    return made


def propose_owed(session: Session, charge: Charge, *, cause: str, rule: Rule, actor: Actor) -> list[Refund]:
    """Propose everything that is owed to the payer and has no refund yet; none is a normal answer."""
    charge = charges.lock(session, charge.id)
    can_go_back = sum(left(entry) for entry in applied(charge))
    owed = min(-charge.open_yen - under_way(charge), can_go_back)
    return propose(session, charge, owed, cause=cause, rule=rule, actor=actor) if owed > 0 else []


def under_way(charge: Charge) -> int:
    """Yen of refunds of applied money that are proposed and not done."""
    return sum(
        refund.amount_yen
        for refund in charge.refunds
        if refund.settlement.state == "applied" and refund.status not in ("succeeded", "withdrawn")
    )


def approve(session: Session, refund: Refund, *, actor: Actor) -> Refund:
    """Approve a refund; raises Forbidden when the proposer does it, IllegalStep when it is not waiting."""
    refund = lock(session, refund.id)
    if refund.needs_approval and charges.by(actor) == refund.proposed_by:
        say = "申し出た人は承認できません。別の職員が承認してください。"
        raise Forbidden("the proposer may not approve", say=say)
    states.step_refund(refund, "approve")
    refund.approved_by, refund.approved_at = charges.by(actor), clock.now()
    session.flush()
    _record(session, refund, actor, "refund.approved")
    if refund.method == "bank":
        telling.ask_account(session, refund)
    return refund


def withdraw(session: Session, refund: Refund, *, reason: str, actor: Actor) -> Refund:
    """Take a refund back before it is sent; the money is still owed if the claim stays lowered."""
    refund = lock(session, refund.id)
    states.step_refund(refund, "withdraw")
    refund.failure = reason
    refund.settlement.refund_reserved_yen -= refund.amount_yen
    _forget_bank(refund)
    session.flush()
    _record(session, refund, actor, "refund.withdrawn")
    return refund


def retry(session: Session, refund: Refund, *, method: str, actor: Actor) -> Refund:
    """Try a failed refund in another way (or again), under a new key; raises IllegalStep, InvalidInput.

    Another way of a sum that needed a second person needs one again: it is a new decision.
    """
    if method not in METHODS:
        raise InvalidInput(f"method {method!r} is not one of {METHODS}", field="method")
    refund = lock(session, refund.id)
    if refund.needs_approval and method != refund.method:
        states.step_refund(refund, "ask_again")
        refund.proposed_by, refund.proposed_at = charges.by(actor), clock.now()
        refund.approved_by = refund.approved_at = None
    else:
        states.step_refund(refund, "retry")
    refund.method = method
    refund.key = _key()
    refund.provider_refund_id = None
    session.flush()
    _record(session, refund, actor, "refund.retried")
    if method == "bank" and refund.status == "approved":
        telling.ask_account(session, refund)
    return refund


def lock(session: Session, refund_id: int) -> Refund:
    """Read a refund for writing, behind its charge's lock; raises NotFound."""
    charge_id = session.scalar(select(Refund.charge_id).where(Refund.id == refund_id))
    if charge_id is None:
        raise NotFound(f"refund {refund_id}")
    charges.lock(session, charge_id)
    return session.get_one(Refund, refund_id, populate_existing=True)


def by_token(session: Session, token: str) -> Refund:
    """Find a refund by the token in its address; raises NotFound."""
    refund = session.scalars(select(Refund).where(Refund.token == token)).one_or_none()
    if refund is None:
        raise NotFound(f"refund token {token!r}")
    return refund


def applied(charge: Charge) -> list[Settlement]:
    """The payments that count for a charge, oldest first."""
    return [entry for entry in charge.settlements if entry.state == "applied"]


def left(settlement: Settlement) -> int:
    """What can still be given back of a payment, in yen."""
    return settlement.amount_yen - settlement.refund_reserved_yen


def _lower_claim(session: Session, charge: Charge, amount_yen: int, rule: Rule, actor: Actor) -> None:
    owed_already = max(0, -charge.open_yen - under_way(charge))
    lower_by = amount_yen - owed_already
    if lower_by > 0:
        citation = rule.citation or None
        charges.adjust(
            session, charge, "reduced", lower_by, reason=rule.reason, actor=actor, citation=citation
        )


def _write(
    session: Session,
    charge: Charge,
    source: Settlement,
    amount_yen: int,
    cause: str,
    rule: Rule,
    method: str | None,
    actor: Actor,
    needs_approval: bool,
) -> Refund:
    way = method or HOW_BY_PAYMENT.get(source.method, source.method)
    if way not in METHODS or (way in AUTOMATIC and way != source.method):
        raise InvalidInput(f"{source.method} cannot be given back by {way}", field="method")
    moment = clock.now()
    refund = Refund(
        token=new_token(),
        reference=_reference(session),
        charge_id=charge.id,
        settlement_id=source.id,
        case_id=charge.case_id,
        amount_yen=amount_yen,
        cause=cause,
        rule=asdict(rule),
        method=way,
        status="proposed" if needs_approval else "approved",
        needs_approval=needs_approval,
        proposed_by=charges.by(actor),
        proposed_at=moment,
        approved_by=None if needs_approval else charges.by(SYSTEM),
        approved_at=None if needs_approval else moment,
        key=_key(),
        email=charge.payer.get("email") or None,
    )
    source.refund_reserved_yen += amount_yen
    charge.refunds.append(refund)
    session.flush()
    _record(session, refund, actor, "refund.proposed")
    if way == "bank" and not needs_approval:
        telling.ask_account(session, refund)
    return refund


def _reference(session: Session) -> str:
    """A speakable number of its own: R26-1234-5678; eight random digits, drawn again when taken."""
    year = clock.today().year % 100
    while True:
        drawn = f"R{year:02d}-{secrets.randbelow(10_000):04d}-{secrets.randbelow(10_000):04d}"
        if session.scalar(select(Refund.id).where(Refund.reference == drawn)) is None:
            return drawn


def _key() -> str:
    return "ref_" + new_token(18)


def _forget_bank(refund: Refund) -> None:
    if refund.bank is not None:
        refund.bank, refund.bank_deleted_at = None, clock.now()


def _record(session: Session, refund: Refund, actor: Actor, action: str) -> None:
    audit.record(
        session,
        actor,
        action,
        object_kind="refund",
        object_id=refund.id,
        case_id=refund.case_id,
        details={"yen": refund.amount_yen, "method": refund.method},
    )
