"""What follows what: the legal steps of an attempt and a refund, and the reading of a charge's state.

Money that arrives after an attempt expired, failed or was abandoned is a legal input (a konbini slip
paid late), never an error; the states say so.
"""

from collections.abc import Mapping

from webapp import clock
from webapp.errors import IllegalStep
from webapp.payment.models import Charge, PaymentAttempt, Refund

ATTEMPT_STEPS: Mapping[str, Mapping[str, str]] = {
    "created": {"start": "started", "refuse": "failed", "abandon": "expired", "expire": "expired",
                "pay": "paid", "park": "parked", "wait": "pending", "fail": "failed"},
    "started": {"start": "started", "wait": "pending", "pay": "paid", "fail": "failed", "expire": "expired",
                "abandon": "expired", "park": "parked"},
    "pending": {"wait": "pending", "pay": "paid", "fail": "failed", "expire": "expired",
                "abandon": "expired", "park": "parked"},
    "expired": {"pay": "paid", "park": "parked", "expire": "expired", "fail": "expired"},
    "failed": {"pay": "paid", "park": "parked", "fail": "failed", "expire": "failed"},
    "parked": {"pay": "paid", "park": "parked"},
    "paid": {},
}  # fmt: skip

REFUND_STEPS: Mapping[str, Mapping[str, str]] = {
    "proposed": {"approve": "approved", "withdraw": "withdrawn"},
    "approved": {"send": "sent", "withdraw": "withdrawn", "complete": "succeeded", "fail": "failed"},
    "sent": {"send": "sent", "ask": "waiting", "complete": "succeeded", "fail": "failed"},
    "waiting": {"ask": "waiting", "complete": "succeeded", "fail": "failed", "send": "waiting"},
    "failed": {"retry": "approved", "ask_again": "proposed", "withdraw": "withdrawn", "fail": "failed",
               "complete": "succeeded"},
    "withdrawn": {},
    "succeeded": {"bounce": "failed"},
}  # fmt: skip

WORDS: Mapping[str, str] = {
    "open": "お支払い待ち",
    "pending": "入金待ち",
    "overdue": "期限超過",
    "paid": "支払い済み",
    "waived": "免除",
    "cancelled": "取り消し",
    "lapsed": "期限切れで終了",
    "overpaid": "返金の手続き中",
    "partly_refunded": "一部返金済み",
    "refunded": "返金済み",
    "blocked": "金額の確認中",
}

REFUND_WORDS: Mapping[str, str] = {
    "proposed": "承認待ち",
    "approved": "送金待ち",
    "sent": "手続き中",
    "waiting": "口座の登録待ち",
    "succeeded": "還付済み",
    "failed": "失敗（担当者が確認します）",
    "withdrawn": "取り下げ",
}


def step_attempt(attempt: PaymentAttempt, step: str) -> None:
    """Move an attempt on; raises IllegalStep naming the step and the state it was asked in."""
    attempt.status = _next(ATTEMPT_STEPS, attempt.status, step)


def step_refund(refund: Refund, step: str) -> None:
    """Move a refund on; raises IllegalStep naming the step and the state it was asked in."""
    refund.status = _next(REFUND_STEPS, refund.status, step)


def _next(table: Mapping[str, Mapping[str, str]], state: str, step: str) -> str:
    try:
        return table[state][step]
    except KeyError:
        raise IllegalStep(step, state=state) from None


def reading(charge: Charge, *, pending: bool = False) -> str:
    """The state a charge is in, read from its amounts, its dates and whether a konbini slip is out."""
    if charge.open_yen < 0:
        return "overpaid"
    if charge.open_yen > 0:
        return _still_open(charge, pending)
    if charge.refunded_yen:
        return "refunded" if charge.refunded_yen == charge.settled_yen else "partly_refunded"
    if charge.cancelled_at is not None and not charge.settled_yen:
        return "lapsed" if charge.lapsed_at is not None else "cancelled"
    return "paid" if charge.settled_yen else "waived"


def _still_open(charge: Charge, pending: bool) -> str:
    if charge.blocked:
        return "blocked"
    if pending:
        return "pending"
    return "overdue" if charge.due_on is not None and charge.due_on < clock.today() else "open"
