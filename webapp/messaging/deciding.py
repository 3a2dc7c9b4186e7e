"""What people decide about delivery: messages of unknown fate, paused channels, unanswered questions."""

from __future__ import annotations

from typing import Any, Final, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.errors import IllegalStep, NotFound
from webapp.outbox import relay
from webapp.outbox.enqueue import KEEPS_FOR, Wish, enqueue_many
from webapp.outbox.models import ChannelBreaker, Lane, OutboxMessage

NEEDS_A_PERSON: Final = ("unknown", "rejected", "unreachable")


def waiting(session: Session, limit: int = 100) -> list[OutboxMessage]:
    """Return messages whose fate is unknown, oldest first."""
    query = select(OutboxMessage).where(OutboxMessage.status == "unknown").order_by(OutboxMessage.id)
    return list(session.scalars(query.limit(limit)))


def paused(session: Session) -> list[ChannelBreaker]:
    """Return the channels that are paused."""
    return list(session.scalars(select(ChannelBreaker).order_by(ChannelBreaker.channel)))


def resume(session: Session, channel: str, actor: Actor) -> None:
    """Let a channel speak again."""
    relay.resume_channel(session, channel)
    audit.record(session, actor, "channel.resume", object_kind="channel", object_id=channel, details={})


def decide(session: Session, message_id: int, choice: str, actor: Actor) -> None:
    """Settle a message of unknown fate: ``again`` (may repeat), ``mail``, or ``leave``.

    A new row with a new key is written for the first two. Raises NotFound, IllegalStep.
    """
    row = session.get(OutboxMessage, message_id)
    if row is None:
        raise NotFound(f"message {message_id}")
    if row.status != "unknown" or choice not in ("again", "mail", "leave"):
        raise IllegalStep(choice, state=row.status, say="このお知らせは、もう処理されています。")
    if choice == "leave":
        row.status, row.detail = "cancelled", "left by staff"
    else:
        row.status, row.detail = "superseded", f"{choice} by staff"
        enqueue_many(session, [_again(row, "mail" if choice == "mail" else row.channel)])
    audit.record(
        session, actor, f"message.{choice}", object_kind="outbox_message", object_id=str(row.id),
        case_id=row.case_id, details={"channel": row.channel},
    )  # fmt: skip


def _again(row: OutboxMessage, channel: str) -> Wish:
    lane = cast(Lane, row.lane)
    payload: dict[str, Any] = row.payload
    return Wish(
        row.kind, payload, lane, f"{row.dedupe_key}:again{row.id}"[:200], None, clock.now() + KEEPS_FOR[lane],
        case_id=row.case_id, resident_id=row.resident_id, broadcast_id=row.broadcast_id,
        recipients=row.recipients, fallback_of=row.id, channel=channel,
    )  # fmt: skip
