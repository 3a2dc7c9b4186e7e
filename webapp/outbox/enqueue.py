"""Write a wish to tell the outside, in the transaction of what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from webapp import clock
from webapp.db import is_postgres
from webapp.outbox.models import LANES, Lane, OutboxMessage, new_retry_key
from webapp.trips import UNANSWERED

KEEPS_FOR: Final[dict[Lane, timedelta]] = {
    "emergency": timedelta(hours=6),
    "transactional": timedelta(days=5),
    "reminder": timedelta(hours=24),
    "bulk": timedelta(hours=24),
}
"""How long a message stays worth sending when the caller names no ``not_after``."""

_ROWS_PER_INSERT = 500


@dataclass(frozen=True)
class Wish:
    """One message to write; instants are aware."""

    kind: str
    payload: Mapping[str, Any]
    lane: Lane
    dedupe_key: str
    not_before: datetime | None = None
    not_after: datetime | None = None
    case_id: int | None = None
    resident_id: int | None = None
    broadcast_id: int | None = None
    recipients: int = 1
    fallback_of: int | None = None
    channel: str = ""


def enqueue(
    session: Session,
    kind: str,
    payload: Mapping[str, Any],
    *,
    lane: Lane,
    dedupe_key: str,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    case_id: int | None = None,
    resident_id: int | None = None,
    fallback_of: int | None = None,
    channel: str = "",
) -> None:
    """Write one outbox row; the same ``dedupe_key`` again writes nothing.

    ``not_after`` defaults by lane (KEEPS_FOR): later than that the message is ``expired``, not late.
    """
    wish = Wish(
        kind, payload, lane, dedupe_key, not_before, not_after,
        case_id=case_id, resident_id=resident_id, fallback_of=fallback_of, channel=channel,
    )  # fmt: skip
    session.flush()  # what happened goes before the wish to tell it
    session.execute(_insert(session), _row(wish, clock.now()), execution_options=UNANSWERED)


def enqueue_many(session: Session, wishes: Iterable[Wish]) -> int:
    """Write many rows, skipping dedupe keys that exist; returns how many are new."""
    now, new = clock.now(), 0
    rows = [_row(wish, now) for wish in wishes]
    for start in range(0, len(rows), _ROWS_PER_INSERT):
        part = rows[start : start + _ROWS_PER_INSERT]
        new += len(session.scalars(_insert(session).returning(_TABLE.c.id), part).all())
    return new


def _insert(session: Session) -> postgresql.Insert | sqlite.Insert:
    return _POSTGRES if is_postgres(session) else _SQLITE


_TABLE = cast(Table, OutboxMessage.__table__)
_KEY: Final = ["dedupe_key"]
_POSTGRES = postgresql.insert(_TABLE).inline().on_conflict_do_nothing(index_elements=_KEY)
_SQLITE = sqlite.insert(_TABLE).inline().on_conflict_do_nothing(index_elements=_KEY)


def _row(wish: Wish, now: datetime) -> dict[str, Any]:
    begin = wish.not_before or now
    return {
        "kind": wish.kind,
        "lane": wish.lane,
        "lane_rank": LANES[wish.lane],
        "status": "queued",
        "dedupe_key": wish.dedupe_key,
        "retry_key": new_retry_key(),
        "payload": dict(wish.payload),
        "channel": wish.channel,
        "template": "",
        "recipients": wish.recipients,
        "not_before": wish.not_before,
        "not_after": wish.not_after or begin + KEEPS_FOR[wish.lane],
        "due_at": begin,
        "attempts": 0,
        "unsure": 0,
        "detail": "",
        "provider_ref": "",
        "case_id": wish.case_id,
        "resident_id": wish.resident_id,
        "broadcast_id": wish.broadcast_id,
        "fallback_of": wish.fallback_of,
        "created_at": now,
    }
