"""Reconciliation: ask the provider about everything that is not known to be finished, and mend it.

Run by the clockwork every five minutes and by hand from the staff screen. It repeats whatever a crash, a
lost event or an outage left undone; what it cannot mend it lists for a person.
"""

import contextlib
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.errors import Unavailable
from webapp.payment import attempts, events, give_back, lapse, refunds, steps
from webapp.payment.models import OPEN_ATTEMPT, PaymentAttempt, Refund, Settlement
from webapp.payment.settle import HandlersByPurpose
from webapp.payment.steps import Ports, Transaction
from webapp.ports.payment import NotKnown, Payout, Unreachable

AGAIN_AFTER = timedelta(minutes=5)
WATCH_ENDED = timedelta(days=40)
"""How long an expired attempt is still asked about: a konbini slip may be paid late, its event lost."""
MOST = 500


@dataclass
class Report:
    """What one run did. ``troubles`` need a person."""

    asked: int = 0
    settled: int = 0
    ended: int = 0
    events: int = 0
    refunds: int = 0
    troubles: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"asked {self.asked}, settled {self.settled}, ended {self.ended}, events {self.events},"
            f" refunds {self.refunds}, troubles {len(self.troubles)}"
        )


def run(
    transaction: Transaction, ports: Ports, handlers: HandlersByPurpose, *, everything: bool = False
) -> Report:
    """Mend what can be mended; ``everything`` does not wait until an attempt is five minutes old."""
    report = Report()
    _take_up_events(transaction, ports, handlers, report)
    with transaction() as session:
        ids = _to_ask(session, everything)
    for attempt_id in ids:
        _mend(transaction, ports, handlers, attempt_id, report)
    _go_on_with_refunds(transaction, ports, handlers, report)
    lapsed = lapse.run(transaction, ports, handlers)
    report.ended += lapsed.ended
    report.troubles += lapsed.troubles
    return report


def watch_refunds(transaction: Transaction, ports: Ports, handlers: HandlersByPurpose) -> int:
    """Ask again about refunds that went back lately: money may return from a closed card; how many did."""
    with transaction() as session:
        lately = (Refund.status == "succeeded", Refund.done_at >= clock.now() - WATCH_ENDED)
        ids = list(
            session.scalars(
                select(Refund.id)
                .where(*lately, Refund.method.in_(refunds.AUTOMATIC), Refund.provider_refund_id.is_not(None))
                .order_by(Refund.id)
            )
        )
    bounced = 0
    for refund_id in ids:
        with contextlib.suppress(Unavailable, NotKnown):
            bounced += give_back.look(transaction, ports, refund_id, handlers) == "failed"
    return bounced


def record_payouts(
    transaction: Transaction, ports: Ports, accounts: list[str], since: date, until: date
) -> int:
    """Note on which day the payee had the money, and the provider's fee; returns how many were new."""
    noted = 0
    for port in ports.values():
        for account in accounts:
            try:
                payouts = port.payouts(since, until, account=account)
            except Unreachable:
                continue
            for payout in payouts:
                with transaction() as session:
                    noted += _note_payout(session, port.name, payout)
    return noted


def _to_ask(session: Session, everything: bool) -> list[int]:
    moment = clock.now()
    old_enough = moment if everything else moment - AGAIN_AFTER
    quiet = or_(PaymentAttempt.checked_at.is_(None), PaymentAttempt.checked_at <= old_enough)
    still_open = PaymentAttempt.status.in_(OPEN_ATTEMPT) & (PaymentAttempt.created_at <= old_enough)
    watched = (
        PaymentAttempt.status.in_(("expired", "failed"))
        & PaymentAttempt.provider_id.is_not(None)
        & (PaymentAttempt.ended_at >= moment - WATCH_ENDED)
    )
    statement = select(PaymentAttempt.id).where(
        quiet, or_(still_open, watched), PaymentAttempt.provider != "counter"
    )
    return list(session.scalars(statement.order_by(PaymentAttempt.checked_at, PaymentAttempt.id).limit(MOST)))


def _mend(
    transaction: Transaction, ports: Ports, handlers: HandlersByPurpose, attempt_id: int, report: Report
) -> None:
    with transaction() as session:
        attempt = attempts.get(session, attempt_id)
    report.asked += 1
    try:
        if attempt.provider_id is None or _page_is_over(attempt):
            settled = steps.end(transaction, ports, attempt, handlers)
        else:
            settled = steps.look(transaction, ports, attempt, handlers)
    except Unavailable:
        report.troubles.append(f"attempt {attempt_id}: {attempt.provider} does not answer")
        return
    except NotKnown:
        report.troubles.append(
            f"attempt {attempt_id}: {attempt.provider} does not know {attempt.provider_id}"
        )
        return
    report.settled += settled.outcome == "settled"
    report.ended += settled.outcome in ("expired", "failed")
    if settled.outcome == "parked":
        report.troubles.append(f"attempt {attempt_id}: parked")


def _page_is_over(attempt: PaymentAttempt) -> bool:
    return attempt.status in ("created", "started") and attempt.expires_at <= clock.now()


def _take_up_events(
    transaction: Transaction, ports: Ports, handlers: HandlersByPurpose, report: Report
) -> None:
    with transaction() as session:
        waiting = events.waiting(session)
    for event in waiting:
        port = ports.get(event.provider)
        if port is None:
            continue
        try:
            steps.follow(transaction, port, event.id, event.provider_id, event.account or "city", handlers)
            report.events += 1
        except Unavailable:
            report.troubles.append(f"event {event.id}: {event.provider} does not answer")


def _go_on_with_refunds(
    transaction: Transaction, ports: Ports, handlers: HandlersByPurpose, report: Report
) -> None:
    with transaction() as session:
        waiting = Refund.status.in_(("approved", "sent", "waiting"))
        ids = list(
            session.scalars(
                select(Refund.id).where(waiting, Refund.method.in_(refunds.AUTOMATIC)).limit(MOST)
            )
        )
    for refund_id in ids:
        try:
            done = give_back.look(transaction, ports, refund_id, handlers)
            report.refunds += done == "succeeded"
            if done == "failed":
                report.troubles.append(f"refund {refund_id}: failed")
        except Unavailable:
            report.troubles.append(f"refund {refund_id}: the provider does not answer")


def _note_payout(session: Session, provider: str, payout: Payout) -> int:
    statement = select(Settlement).join(PaymentAttempt, PaymentAttempt.id == Settlement.attempt_id)
    known = payout.provider_id
    same = or_(PaymentAttempt.provider_id == known, PaymentAttempt.payment_id == known)
    found = session.scalars(statement.where(PaymentAttempt.provider == provider, same)).one_or_none()
    if found is None or found.paid_out_on is not None:
        return 0
    found.paid_out_on, found.fee_yen = payout.paid_out_on, payout.fee_yen
    return 1
