"""The steps of a delivery, each one short transaction: lease, begin an attempt, settle it.

A worker leases rows, and before it speaks it marks the row ``sending``. If it dies in between, the
lease runs out and another worker repeats the same bytes with the same key.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from webapp import clock
from webapp.db import is_postgres
from webapp.outbox import backoff
from webapp.outbox.models import OPEN, ChannelBreaker, OutboxMessage
from webapp.outbox.outcomes import Frozen, Handler, Handlers, Outcome, Sending, Undeliverable

LEASE: Final = timedelta(seconds=60)
UNSURE_LIMIT: Final = 2
"""A channel without retry keys gets one blind repeat, then a person decides."""
OWN_FAILURES_LIMIT: Final = 10
HAS_RETRY_KEY: Final = frozenset({"line"})


def lease_next(
    session: Session,
    worker: str,
    *,
    limit: int = 1,
    lease: timedelta = LEASE,
    lanes: Collection[str] | None = None,
) -> list[OutboxMessage]:
    """Lease the next due rows by lane priority; another worker will not get them while the lease lasts."""
    now = clock.now()
    query = (
        select(OutboxMessage)
        .where(
            OutboxMessage.status.in_(OPEN),
            OutboxMessage.due_at <= now,
            or_(OutboxMessage.lease_until.is_(None), OutboxMessage.lease_until <= now),
        )
        .order_by(OutboxMessage.lane_rank, OutboxMessage.due_at, OutboxMessage.id)
        .limit(limit)
    )
    if lanes is not None:
        query = query.where(OutboxMessage.lane.in_(lanes))
    if paused := _paused_channels(session, now):
        query = query.where(OutboxMessage.channel.not_in(paused))
    if is_postgres(session):
        query = query.with_for_update(skip_locked=True)
    rows = list(session.scalars(query))
    for row in rows:
        row.lease_owner, row.lease_until = worker, now + lease
    session.flush()
    return rows


def freeze(session: Session, message: OutboxMessage, handler: Handler) -> bool:
    """Render the message if that has not happened yet; False when there is nothing left to send."""
    if message.frozen is not None:
        return True
    rendered = handler.freeze(session, message)
    if isinstance(rendered, Undeliverable):
        _settle(session, message, "unreachable", rendered.detail, handler)
        return False
    _store(message, rendered)
    return True


def begin(
    session: Session, message_id: int, worker: str, handler: Handler, lease: timedelta = LEASE
) -> Sending | None:
    """Record an attempt right before the socket is written; None when the row is no longer ours to send."""
    message = _mine(session, message_id, worker)
    if message is None:
        return None
    now = clock.now()
    if _is_over(session, message, now, handler) or not freeze(session, message, handler):
        return None
    if message.frozen is None:
        return None
    message.status = "sending"
    message.attempts += 1
    message.first_attempt_at = message.first_attempt_at or now
    message.last_attempt_at = now
    message.lease_until = now + lease
    return Sending(
        id=message.id, kind=message.kind, channel=message.channel, retry_key=message.retry_key,
        body=message.frozen, attempt=message.attempts, not_after=message.not_after,
        created_at=message.created_at, template=message.template, detail=message.detail,
    )  # fmt: skip


def settle(session: Session, message_id: int, worker: str, outcome: Outcome, handler: Handler) -> str:
    """Write down how the attempt ended and return the row's status; a row no longer ours stays as it is."""
    message = _mine(session, message_id, worker)
    if message is None:
        return "lost"
    if outcome.provider_ref:
        message.provider_ref = outcome.provider_ref[:200]
    match outcome.result:
        case "accepted" | "rejected" | "unreachable" | "unknown":
            _settle(session, message, outcome.result, outcome.detail, handler)
        case "unsure":
            message.unsure += 1
            if message.unsure >= UNSURE_LIMIT:
                _settle(session, message, "unknown", outcome.detail, handler)
            else:
                _again(message, outcome)
        case "throttled" | "paused":
            message.attempts -= 1
            _again(message, outcome)
            if outcome.result == "paused":
                pause_channel(session, message.channel, outcome.detail)
        case "retry":
            _again(message, outcome)
    return message.status


def anything_due(session: Session) -> bool:
    """Look without a lock whether there is work, so that idle workers disturb nobody."""
    now = clock.now()
    query = select(OutboxMessage.id).where(
        OutboxMessage.status.in_(OPEN),
        OutboxMessage.due_at <= now,
        or_(OutboxMessage.lease_until.is_(None), OutboxMessage.lease_until <= now),
    )
    if paused := _paused_channels(session, now):
        query = query.where(OutboxMessage.channel.not_in(paused))
    return session.scalars(query.limit(1)).first() is not None


def failed(session: Session, message_id: int, worker: str, detail: str, handler: Handler | None) -> str:
    """Note that our own code failed on this row: try again later, give up after ten times."""
    message = _mine(session, message_id, worker)
    if message is None:
        return "lost"
    if message.status == "queued":
        message.attempts += 1
    if handler is None or message.attempts >= OWN_FAILURES_LIMIT:
        message.status, message.detail, message.settled_at = "rejected", detail[:300], clock.now()
        message.lease_owner, message.lease_until = None, None
    else:
        _again(message, Outcome("retry", detail))
    return message.status


def expire(session: Session, handlers: Handlers, limit: int = 500) -> int:
    """Mark queued rows whose time has passed; their handlers offer another channel when they have one.

    Rows of a paused channel too: nobody leases them, so nobody else would notice.
    """
    now = clock.now()
    query = (
        select(OutboxMessage)
        .where(
            OutboxMessage.status == "queued",
            OutboxMessage.not_after <= now,
            or_(OutboxMessage.lease_until.is_(None), OutboxMessage.lease_until <= now),
        )
        .order_by(OutboxMessage.id)
        .limit(limit)
    )
    rows = list(session.scalars(query.with_for_update(skip_locked=True) if is_postgres(session) else query))
    for row in rows:
        handler = handlers.get(row.kind)
        if handler is None:
            row.status, row.detail, row.settled_at = "expired", "not_after", now
        else:
            _settle(session, row, "expired", "not_after", handler)
    return len(rows)


def pause_channel(session: Session, channel: str, reason: str, until: datetime | None = None) -> None:
    """Stop leasing rows of a channel until ``until`` (for ever when None) or ``resume_channel``."""
    breaker = session.get(ChannelBreaker, channel) or ChannelBreaker(channel=channel, since=clock.now())
    breaker.reason, breaker.until = reason[:40], until
    session.add(breaker)


def resume_channel(session: Session, channel: str) -> None:
    """Let a paused channel speak again; the rows were kept."""
    breaker = session.get(ChannelBreaker, channel)
    if breaker is not None:
        session.delete(breaker)


def supersede(session: Session, key: str) -> int:
    """Take back what waits under dedupe keys that begin with ``key``, because something newer is said.

    What was attempted stays as it is. Returns how many rows.
    """
    done = session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.dedupe_key.startswith(key, autoescape=True),
            OutboxMessage.status == "queued",
            OutboxMessage.first_attempt_at.is_(None),
        )
        .values(status="superseded", settled_at=clock.now(), lease_owner=None, lease_until=None)
    )
    return int(getattr(done, "rowcount", 0))


def counts(session: Session) -> dict[tuple[str, str], int]:
    """Rows by (lane, status), for the operator's page."""
    query = select(OutboxMessage.lane, OutboxMessage.status, func.count()).group_by(
        OutboxMessage.lane, OutboxMessage.status
    )
    return {(lane, status): number for lane, status, number in session.execute(query)}


def _mine(session: Session, message_id: int, worker: str) -> OutboxMessage | None:
    query = select(OutboxMessage).where(
        OutboxMessage.id == message_id,
        OutboxMessage.lease_owner == worker,
        OutboxMessage.status.in_(OPEN),
    )
    return session.scalars(query.with_for_update() if is_postgres(session) else query).one_or_none()


def _is_over(session: Session, message: OutboxMessage, now: datetime, handler: Handler) -> bool:
    if message.status == "sending" and message.channel not in HAS_RETRY_KEY:
        message.unsure += 1
        if message.unsure >= UNSURE_LIMIT:
            _settle(session, message, "unknown", "worker_lost", handler)
            return True
    first = message.first_attempt_at
    if first is not None and now >= first + backoff.RETRY_HORIZON:
        _settle(session, message, "unknown", "retry_horizon", handler)
        return True
    if now >= message.not_after:
        _settle(
            session, message, "unknown" if message.status == "sending" else "expired", "not_after", handler
        )
        return True
    return False


def _store(message: OutboxMessage, frozen: Frozen) -> None:
    message.channel, message.template = frozen.channel, frozen.template
    message.frozen, message.frozen_at = frozen.body, clock.now()
    message.recipients = frozen.recipients


def _again(message: OutboxMessage, outcome: Outcome) -> None:
    wait = outcome.retry_after
    if wait is None:
        wait = backoff.wait_s(max(1, message.attempts), urgent=message.lane == "emergency")
    message.status = "queued"
    message.detail = outcome.detail[:300]
    message.due_at = clock.now() + timedelta(seconds=wait)
    message.lease_owner, message.lease_until = None, None


def _settle(session: Session, message: OutboxMessage, status: str, detail: str, handler: Handler) -> None:
    message.status, message.detail = status, detail[:300]
    message.settled_at = clock.now()
    message.lease_owner, message.lease_until = None, None
    session.flush()
    handler.after(session, message)


def _paused_channels(session: Session, now: datetime) -> list[str]:
    query = select(ChannelBreaker.channel).where(
        or_(
            ChannelBreaker.until.is_(None),
            and_(ChannelBreaker.until.is_not(None), ChannelBreaker.until > now),
        )
    )
    return list(session.scalars(query))
