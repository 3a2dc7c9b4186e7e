"""LINE's webhook: verify the raw bytes, keep them, write down the events once each. Nothing else.

What the events mean is worked out later, in the worker, so the answer to LINE is fast.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from webapp import clock
from webapp.db import is_postgres
from webapp.messaging.line_models import LineDelivery, LineEvent

MOST_EVENTS: Final = 200
log = logging.getLogger(__name__)


def is_signed(raw: bytes, signature: str, secrets: Iterable[str]) -> bool:
    """Compare the signature of the raw bytes in constant time; several secrets allow a rotation."""
    good = False
    for secret in secrets:
        digest = base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()
        good |= hmac.compare_digest(digest.encode(), signature.encode())
    return good


def take(session: Session, raw: bytes) -> int:
    """Store a signed body and its events; returns how many events are new. Never raises for its content.

    A body or event that cannot be read stays stored with the reason: LINE gets its 200 all the same,
    because a 500 would only bring the same bytes again.
    """
    delivery = LineDelivery(raw=raw, received_at=clock.now())
    session.add(delivery)
    try:
        events = json.loads(raw)["events"]
        if not isinstance(events, list):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        delivery.error = "unreadable"
        log.error("LINE sent a signed body that cannot be read; it is kept")
        return 0
    rows = [row for event in events[:MOST_EVENTS] if (row := _row(event)) is not None]
    delivery.events = len(rows)
    if len(rows) < len(events):
        delivery.error = "events without id" if len(events) <= MOST_EVENTS else "too many events"
        log.error("LINE sent %s events, %s of them usable; the body is kept", len(events), len(rows))
    return _insert(session, rows) if rows else 0


def forget(session: Session, message_id: str) -> int:
    """Unsend: remove what the person took back, from the events and the raw bodies."""
    rows = session.scalars(select(LineEvent).where(LineEvent.message_id == message_id)).all()
    for row in rows:
        row.body = {"unsent": True}
        row.result = "unsent"
    session.execute(delete(LineDelivery).where(LineDelivery.error == ""))
    return len(rows)


def _row(event: Any) -> dict[str, Any] | None:
    if not isinstance(event, dict):
        return None
    event_id, kind, at = event.get("webhookEventId"), event.get("type"), event.get("timestamp")
    if not isinstance(event_id, str) or not 0 < len(event_id) <= 64 or not isinstance(kind, str):
        return None
    message = event.get("message")
    message_id = message.get("id") if isinstance(message, dict) else None
    now = clock.now()
    return {
        "event_id": event_id,
        "type": kind[:40],
        "event_ms": at if isinstance(at, int) and 0 < at < 2**62 else int(now.timestamp() * 1000),
        "message_id": str(message_id)[:40] if message_id is not None else None,
        "body": event,
        "received_at": now,
        "failures": 0,
        "result": "",
    }


def _insert(session: Session, rows: list[dict[str, Any]]) -> int:
    unique = list({row["event_id"]: row for row in rows}.values())
    insert = postgresql.insert if is_postgres(session) else sqlite.insert
    statement = insert(LineEvent).values(unique).on_conflict_do_nothing(index_elements=["event_id"])
    return len(session.scalars(statement.returning(LineEvent.id)).all())
