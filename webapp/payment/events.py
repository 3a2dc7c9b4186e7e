"""Callbacks as they came: good ones kept once, bad ones kept as a record that changes nothing else."""

import hashlib

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp import clock
from webapp.payment.models import ProviderEvent
from webapp.ports.payment import BadEvent, EventRef

KEPT_BYTES = 65_536
KEPT_BYTES_OF_BAD = 4_096


def keep(session: Session, provider: str, ref: EventRef, raw: bytes) -> ProviderEvent:
    """Store a verified event, or count the repetition of one that is stored; unique by the provider's id."""
    known = _known(session, provider, ref.event_id)
    if known is None:
        event = _row(provider, raw[:KEPT_BYTES], "accepted")
        event.event_id, event.kind, event.account = ref.event_id, ref.kind, ref.account
        event.provider_id = ref.provider_id
        try:
            with session.begin_nested():
                session.add(event)
            return event
        except IntegrityError:
            known = _known(session, provider, ref.event_id)
            assert known is not None
    known.times += 1
    return known


def keep_bad(session: Session, provider: str, error: BadEvent, raw: bytes) -> ProviderEvent:
    """Record a forged, stale or malformed callback; the same bytes again only raise its count."""
    digest = hashlib.sha256(raw[:KEPT_BYTES_OF_BAD]).hexdigest()
    known = session.scalars(
        select(ProviderEvent)
        .where(ProviderEvent.provider == provider, ProviderEvent.verdict == error.verdict)
        .where(ProviderEvent.digest == digest)
        .limit(1)
    ).one_or_none()
    if known is not None:
        known.times += 1
        return known
    event = _row(provider, raw[:KEPT_BYTES_OF_BAD], error.verdict)
    event.outcome, event.processed_at = str(error)[:200], clock.now()
    session.add(event)
    session.flush()
    return event


def done(session: Session, event_row_id: int, outcome: str) -> None:
    """Note what an event led to; an event without this is taken up again by reconciliation."""
    event = session.get(ProviderEvent, event_row_id)
    assert event is not None
    event.processed_at, event.outcome = clock.now(), outcome


def waiting(session: Session, limit: int = 100) -> list[ProviderEvent]:
    """Verified events whose consequences were never written down (a crash, an outage)."""
    statement = select(ProviderEvent).where(
        ProviderEvent.verdict == "accepted", ProviderEvent.processed_at.is_(None)
    )
    return list(session.scalars(statement.order_by(ProviderEvent.id).limit(limit)))


def _known(session: Session, provider: str, event_id: str) -> ProviderEvent | None:
    statement = select(ProviderEvent).where(
        ProviderEvent.provider == provider, ProviderEvent.event_id == event_id
    )
    return session.scalars(statement).one_or_none()


def _row(provider: str, raw: bytes, verdict: str) -> ProviderEvent:
    return ProviderEvent(
        provider=provider,
        verdict=verdict,
        digest=hashlib.sha256(raw).hexdigest(),
        raw=raw,
        times=1,
        received_at=clock.now(),
    )
