"""The walks with a provider: transactions with calls between them, and none open during a call.

Views, jobs and proofs go through here. A crash at any point is repaired by walking again.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

from webapp.errors import Unavailable
from webapp.payment import attempts, events, refund_truth, settle
from webapp.payment.models import Charge, PaymentAttempt
from webapp.payment.settle import HandlersByPurpose, Settled
from webapp.ports.payment import BadEvent, NotKnown, PaymentPort, Refused, Started, Truth, Unreachable

Transaction = Callable[[], AbstractContextManager[Session]]
Ports = Mapping[str, PaymentPort]

_SAY_UNREACHABLE = (
    "決済サービスにつながりません。お支払いはまだ行われていません。"
    "少し待ってから、もう一度「支払いへ進む」を押してください。"
)
_SAY_REFUSED = "決済サービスがこのお支払いを受け付けませんでした。下の連絡先へお問い合わせください。"


def pay(
    transaction: Transaction,
    ports: Ports,
    port: PaymentPort,
    charge: Charge,
    *,
    addresses: attempts.Addresses,
    lang: str,
    handlers: HandlersByPurpose,
) -> PaymentAttempt:
    """Open (or find again) the payment page of a charge: begin, start, store.

    Two tabs, a double click and a repeated try end at the same page. Raises IllegalStep when there is
    nothing to pay now, Unavailable when the provider does not answer or does not want it.
    """
    for _round in range(3):
        with transaction() as session:
            begun = attempts.begin(
                session, charge, provider=port.name, methods=port.methods, addresses=addresses, lang=lang
            )
        if begun.step == "go":
            return begun.attempt
        if begun.step == "end_first":
            end(transaction, ports, begun.attempt, handlers)
            continue
        started = _start(transaction, port, begun.attempt)
        with transaction() as session:
            return attempts.store_started(session, begun.attempt, started)
    raise Unavailable("the charge kept changing", say=_SAY_UNREACHABLE)


def end(
    transaction: Transaction, ports: Ports, attempt: PaymentAttempt, handlers: HandlersByPurpose
) -> Settled:
    """End an open attempt at its provider and settle what is then true: it may turn out paid.

    Raises Unavailable when the provider does not answer; nothing is released then.
    """
    port = ports[attempt.provider]
    provider_id = attempt.provider_id
    if provider_id is None:
        try:
            started = _start(transaction, port, attempt)
        except Unavailable:
            if _ended(transaction, attempt):
                return Settled("expired", attempt)
            raise
        with transaction() as session:
            provider_id = attempts.store_started(session, attempt, started).provider_id
    assert provider_id is not None
    truth = _asked(lambda: port.expire(provider_id, account=attempt.account))
    with transaction() as session:
        return settle.settle(session, truth, handlers, found_by="return")


def look(
    transaction: Transaction,
    ports: Ports,
    attempt: PaymentAttempt,
    handlers: HandlersByPurpose,
    *,
    found_by: str = "reconciliation",
) -> Settled:
    """Fetch the truth of one attempt and settle it; raises Unavailable."""
    if attempt.provider_id is None:
        return Settled("unknown", attempt)
    port, provider_id = ports[attempt.provider], attempt.provider_id
    truth = _asked(lambda: port.fetch(provider_id, account=attempt.account))
    return say(transaction, truth, handlers, found_by=found_by)


def say(transaction: Transaction, truth: Truth, handlers: HandlersByPurpose, *, found_by: str) -> Settled:
    """Settle one truth, with the refunds it speaks of, in one transaction."""
    with transaction() as session:
        settled = settle.settle(session, truth, handlers, found_by=found_by)
        for refund in truth.refunds:
            refund_truth.settle_refund(session, truth.provider, refund, handlers)
        return settled


def take_event(
    transaction: Transaction,
    port: PaymentPort,
    raw: bytes,
    headers: Mapping[str, str],
    handlers: HandlersByPurpose,
) -> str:
    """A callback: verify, keep it raw, ask the provider, settle. Returns what came of it.

    ``forged``, ``stale`` and ``malformed`` changed nothing but the record; ``repeated`` was known.
    Raises Unavailable when the provider cannot be asked now (the event is kept and taken up later).
    """
    try:
        ref = port.parse_event(raw, headers)
    except BadEvent as bad:
        with transaction() as session:
            events.keep_bad(session, port.name, bad, raw)
        return bad.verdict
    with transaction() as session:
        event = events.keep(session, port.name, ref, raw)
    if event.processed_at is not None:
        return "repeated"
    return follow(transaction, port, event.id, ref.provider_id, ref.account, handlers)


def follow(
    transaction: Transaction,
    port: PaymentPort,
    event_row_id: int,
    provider_id: str | None,
    account: str,
    handlers: HandlersByPurpose,
) -> str:
    """Ask the provider about what an event points at, and settle; raises Unavailable."""
    outcome = "nothing to do"
    if provider_id is not None:
        try:
            truth = _asked(lambda: port.fetch(provider_id, account=account))
        except NotKnown:
            outcome = "not known there"
        else:
            outcome = say(transaction, truth, handlers, found_by="event").outcome
    with transaction() as session:
        events.done(session, event_row_id, outcome)
    return outcome


def _start(transaction: Transaction, port: PaymentPort, attempt: PaymentAttempt) -> Started:
    try:
        return port.start(attempts.order_of(attempt))
    except Unreachable as error:
        raise Unavailable(str(error), say=_SAY_UNREACHABLE) from error
    except Refused as error:
        with transaction() as session:
            fresh = attempts.get(session, attempt.id)
            if fresh.status == "created":
                attempts.abandon(session, fresh, why=error.code)
        raise Unavailable(str(error), say=_SAY_REFUSED) from error


def _ended(transaction: Transaction, attempt: PaymentAttempt) -> bool:
    with transaction() as session:
        return attempts.get(session, attempt.id).status not in ("created", "started", "pending")


def _asked(call: Callable[[], Truth]) -> Truth:
    try:
        return call()
    except Unreachable as error:
        raise Unavailable(str(error), say=_SAY_UNREACHABLE) from error
