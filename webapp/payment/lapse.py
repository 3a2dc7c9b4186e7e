"""The end of the time to pay: what is late is named so, and what the rule ends is ended.

A hold ends at its moment (``pay_before``), an overdue fee after the city's days of grace (``lapse_on``).
The page at the provider is ended first; a konbini slip that still runs keeps the claim alive.
"""

from dataclasses import dataclass, field

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import SYSTEM
from webapp.errors import Unavailable
from webapp.payment import charges, steps
from webapp.payment.models import Charge, PaymentAttempt
from webapp.payment.settle import HandlersByPurpose
from webapp.payment.steps import Ports, Transaction

MOST = 500
REASON = "期限までに支払われなかった"


@dataclass
class Lapsed:
    """How many claims ended, and what could not be ended yet."""

    ended: int = 0
    troubles: list[str] = field(default_factory=list)


def run(transaction: Transaction, ports: Ports, handlers: HandlersByPurpose) -> Lapsed:
    """Name the overdue, end what lapses and tell its purpose; safe to run twice or in two workers."""
    done = Lapsed()
    with transaction() as session:
        _name_overdue(session)
        due = _lapsing(session)
    for charge_id in due:
        try:
            done.ended += _end(transaction, ports, handlers, charge_id)
        except Unavailable:
            done.troubles.append(f"charge {charge_id}: its page could not be ended yet")
    return done


def _name_overdue(session: Session) -> None:
    late = select(Charge).where(
        Charge.status == "open", Charge.due_on < clock.today(), Charge.cancelled_at.is_(None)
    )
    for charge in session.scalars(late.order_by(Charge.id).limit(MOST).with_for_update(skip_locked=True)):
        charges.restate(charge)


def _lapsing(session: Session) -> list[int]:
    """Claims past their hold or their days of grace; an exemption under examination, or a difference to a
    fee that was paid, stays for a person.
    """
    forgotten = (Charge.lapse_on < clock.today(), Charge.blocked.is_(None), Charge.settled_yen == 0)
    over = or_(Charge.pay_before <= clock.now(), and_(Charge.pay_before.is_(None), *forgotten))
    statement = select(Charge.id).where(Charge.open_yen > 0, Charge.cancelled_at.is_(None), over)
    return list(session.scalars(statement.order_by(Charge.id).limit(MOST)))


def _end(transaction: Transaction, ports: Ports, handlers: HandlersByPurpose, charge_id: int) -> bool:
    with transaction() as session:
        charge = charges.lock(session, charge_id)
        attempt = charges.open_attempt(charge)
        on_lapsed = handlers[charge.purpose].on_lapsed
    if attempt is not None and not _slip_runs(attempt):
        steps.end(transaction, ports, attempt, handlers)
    with transaction() as session:
        charge = charges.lock(session, charge_id)
        over = charge.open_yen <= 0 or charge.cancelled_at is not None
        if over or charges.open_attempt(charge) is not None:
            return False
        charges.lapse(session, charge, reason=REASON, actor=SYSTEM)
        if on_lapsed is not None:
            on_lapsed(session, charge)
        return True


def _slip_runs(attempt: PaymentAttempt) -> bool:
    until = attempt.pending_until
    return attempt.status == "pending" and until is not None and until > clock.now()
