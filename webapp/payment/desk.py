"""The cash desk: a clerk takes cash, a card at the terminal, a paid 納付書 or a local currency.

The desk speaks to nobody, so taking the money is one transaction: attempt, settlement, handler.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.errors import IllegalStep, InvalidInput
from webapp.payment import attempts, charges, settle
from webapp.payment.attempts import Addresses
from webapp.payment.models import Charge
from webapp.payment.settle import HandlersByPurpose, Settled
from webapp.ports.payment import Method, PaymentPort, Truth

_SAY_DAY = "納付日は、今日までの60日以内の日を入力してください。"


def receive(
    session: Session,
    charge: Charge,
    *,
    port: PaymentPort,
    method: Method,
    till: str,
    actor: Actor,
    handlers: HandlersByPurpose,
    terminal_reference: str = "",
    paid_at: datetime | None = None,
) -> Settled:
    """Take the whole open amount at the desk; pressing twice takes it once.

    ``till`` names the desk for the daily close, ``terminal_reference`` the slip of the card terminal.
    Raises IllegalStep while an online page or slip is open (end it first), InvalidInput for a method
    that the desk or the charge does not take, or a terminal without its reference.
    """
    if method not in port.methods:
        raise InvalidInput(
            f"the desk does not take {method}", field="method", say="支払い方法を選んでください。"
        )
    if charge.methods is not None and method not in charge.methods:
        say = "この施設の決まりでは、この方法で支払えません。ほかの方法を選んでください。"
        raise InvalidInput(f"the charge does not allow {method}", field="method", say=say)
    if method == "pos" and not terminal_reference.strip():
        raise InvalidInput(
            "no terminal reference", field="terminal_reference", say="端末の伝票番号を入力してください。"
        )
    charge = charges.lock(session, charge.id)
    if charges.open_attempt(charge) is not None:
        say = "オンラインの支払い画面かコンビニの番号が残っています。先にそれを終わらせてください。"
        raise IllegalStep("receive", state="online", say=say)
    begun = attempts.begin(
        session, charge, provider=port.name, methods=(method,), addresses=Addresses("", ""), lang="ja"
    )
    attempt = begun.attempt
    attempt.request = attempt.request | {"till": till}
    attempt.provider_id = "desk_" + attempt.key
    truth = Truth(
        provider=port.name,
        provider_id=attempt.provider_id,
        status="paid",
        amount_yen=attempt.amount_yen,
        currency="jpy",
        reference=attempt.key,
        account=attempt.account,
        method=method,
        paid_at=_checked(paid_at),
        payment_id=terminal_reference.strip() or attempt.provider_id,
        fee_yen=0 if method == "cash" else None,
    )
    return settle.settle(session, truth, handlers, found_by="desk", by=charges.by(actor))


def _checked(paid_at: datetime | None) -> datetime:
    moment = clock.now()
    if paid_at is not None and not moment - timedelta(days=60) <= paid_at <= moment:
        raise InvalidInput(
            "paid_at", field="paid_at", say="納付日は、今日までの60日以内の日を入力してください。"
        )
    return paid_at or moment
