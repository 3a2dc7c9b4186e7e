"""Sending refunds: through the provider (with nothing open), by bank transfer, or in cash at the desk."""

import re
from collections.abc import Mapping

from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.errors import IllegalStep, InvalidInput, Unavailable
from webapp.payment import charges, refund_truth, refunds, states
from webapp.payment.models import PaymentAttempt, Refund
from webapp.payment.settle import HandlersByPurpose
from webapp.payment.steps import Ports, Transaction
from webapp.ports.payment import NotKnown, RefundOrder, Refused, Unreachable

_SAY_LATER = "決済サービスにつながりません。あとで自動的にやり直します。"
BANK_FIELDS = ("bank_name", "bank_code", "branch_name", "branch_code", "kind", "number", "holder_kana")


def send(transaction: Transaction, ports: Ports, refund_id: int, handlers: HandlersByPurpose) -> str:
    """Ask the provider to give an approved refund back; returns the refund's state afterwards.

    Repeated with the same key after a crash or an outage. Raises Unavailable when nobody answers,
    IllegalStep when the refund is not approved, or goes back by bank or cash.
    """
    with transaction() as session:
        refund = refunds.lock(session, refund_id)
        if refund.method not in refunds.AUTOMATIC:
            raise IllegalStep("send", state=refund.method)
        if refund.status not in ("sent", "waiting"):
            states.step_refund(refund, "send")
            refund.sent_at = clock.now()
        attempt = session.get_one(PaymentAttempt, refund.settlement.attempt_id)
        provider, order = attempt.provider, _order(refund, attempt)
    try:
        truth = ports[provider].refund(order)
    except Unreachable as error:
        raise Unavailable(str(error), say=_SAY_LATER) from error
    except (Refused, NotKnown) as error:
        with transaction() as session:
            refund = refunds.lock(session, refund_id)
            states.step_refund(refund, "fail")
            refund.failure = str(error)[:200]
        return "failed"
    with transaction() as session:
        settled = refund_truth.settle_refund(session, provider, truth, handlers)
        assert settled is not None
        return settled.status


def look(transaction: Transaction, ports: Ports, refund_id: int, handlers: HandlersByPurpose) -> str:
    """Ask how a sent refund stands and note it; raises Unavailable."""
    with transaction() as session:
        refund = refunds.lock(session, refund_id)
        attempt = session.get_one(PaymentAttempt, refund.settlement.attempt_id)
        provider, account, known = attempt.provider, attempt.account, refund.provider_refund_id
    if known is None:
        return send(transaction, ports, refund_id, handlers)
    try:
        truth = ports[provider].fetch_refund(known, account=account)
    except Unreachable as error:
        raise Unavailable(str(error)) from error
    with transaction() as session:
        settled = refund_truth.settle_refund(session, provider, truth, handlers)
        assert settled is not None
        return settled.status


def call_off(transaction: Transaction, ports: Ports, refund_id: int, handlers: HandlersByPurpose) -> str:
    """Stop a konbini refund whose payer never answers the mail, so that it can go another way.

    Returns the refund's state: failed, ready to be tried again; or succeeded, if the payer was quicker.
    Raises Unavailable, or IllegalStep when it does not wait.
    """
    with transaction() as session:
        refund = refunds.lock(session, refund_id)
        if refund.status != "waiting" or refund.provider_refund_id is None:
            raise IllegalStep("call_off", state=refund.status)
        attempt = session.get_one(PaymentAttempt, refund.settlement.attempt_id)
        provider, account, known = attempt.provider, attempt.account, refund.provider_refund_id
    try:
        ports[provider].call_off_refund(known, account=account)
    except Unreachable as error:
        raise Unavailable(str(error), say=_SAY_LATER) from error
    except Refused:
        pass  # it went out in the meantime: the look tells
    return look(transaction, ports, refund_id, handlers)


def give_bank_details(session: Session, refund: Refund, details: Mapping[str, str]) -> Refund:
    """Keep the account a transfer goes to, encrypted until the money is sent.

    Raises InvalidInput naming the field: codes are 4 and 3 digits, a number up to 7, the holder in kana.
    """
    refund = refunds.lock(session, refund.id)
    if refund.method != "bank" or refund.status not in ("proposed", "approved"):
        raise IllegalStep("give_bank_details", state=refund.status)
    refund.bank = _checked(details)
    session.flush()
    return refund


def transferred(session: Session, refund: Refund, handlers: HandlersByPurpose, *, actor: Actor) -> Refund:
    """The bank sent the money: count it and delete the account details."""
    return _by_hand(session, refund, "bank", handlers, actor)


def handed_over(
    session: Session, refund: Refund, handlers: HandlersByPurpose, *, actor: Actor, till: str
) -> Refund:
    """Cash was handed over at a till against a signature."""
    refund.till = till
    return _by_hand(session, refund, "cash", handlers, actor)


def _by_hand(
    session: Session, refund: Refund, method: str, handlers: HandlersByPurpose, actor: Actor
) -> Refund:
    till = refund.till
    refund = refunds.lock(session, refund.id)
    if refund.method != method:
        raise IllegalStep("hand_over", state=refund.method)
    if method == "bank" and refund.bank is None:
        raise InvalidInput("no account", say="振込先がまだ登録されていません。")
    states.step_refund(refund, "complete")
    refund.till, refund.sent_at = till, clock.now()
    refund_truth.complete(session, refund)
    if refund.bank is not None:
        refund.bank, refund.bank_deleted_at = None, clock.now()
    charges.restate(refund.charge)
    session.flush()
    audit.record(
        session,
        actor,
        "refund.handed_over",
        object_kind="refund",
        object_id=refund.id,
        case_id=refund.case_id,
        details={"method": method},
    )
    on_refunded = handlers[refund.charge.purpose].on_refunded
    if on_refunded is not None:
        on_refunded(session, refund.charge)
    return refund


def _order(refund: Refund, attempt: PaymentAttempt) -> RefundOrder:
    method = "konbini" if refund.method == "konbini" else "paypay" if refund.method == "paypay" else "card"
    return RefundOrder(
        key=refund.key,
        account=attempt.account,
        provider_id=attempt.provider_id or "",
        payment_id=attempt.payment_id or attempt.provider_id or "",
        amount_yen=refund.amount_yen,
        method=method,  # type: ignore[arg-type]  # the three words above
        email=refund.email,
    )


def _checked(details: Mapping[str, str]) -> dict[str, str]:
    given = {field: details.get(field, "").strip() for field in BANK_FIELDS}
    rules = {
        "bank_name": (r".{1,40}", "金融機関の名前を入力してください。"),
        "bank_code": (r"\d{4}", "金融機関コードを4桁の数字で入力してください。"),
        "branch_name": (r".{1,40}", "支店の名前を入力してください。"),
        "branch_code": (r"\d{3}", "支店コードを3桁の数字で入力してください。"),
        "kind": (r"ordinary|current", "口座の種類を選んでください。"),
        "number": (r"\d{1,7}", "口座番号を7桁までの数字で入力してください。"),
        "holder_kana": (r"[ァ-ヶー・ 　（）().－-]{1,60}", "口座の名義を全角カタカナで入力してください。"),
    }
    for field, (pattern, say) in rules.items():
        if not re.fullmatch(pattern, given[field]):
            raise InvalidInput(field, field=field, say=say)
    return given
