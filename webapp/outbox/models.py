"""The outbox table: one row is one thing to tell the outside, from wish to settled outcome."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp import clock
from webapp.db import Base, EncryptedBytes, EncryptedJson, Instant

Lane = Literal["emergency", "transactional", "reminder", "bulk"]
Status = Literal[
    "queued",
    "sending",
    "accepted",
    "rejected",
    "unreachable",
    "expired",
    "superseded",
    "cancelled",
    "unknown",
]

LANES: Final[dict[Lane, int]] = {"emergency": 0, "transactional": 1, "reminder": 2, "bulk": 3}
OPEN: Final = ("queued", "sending")
TERMINAL: Final = ("accepted", "rejected", "unreachable", "expired", "superseded", "cancelled", "unknown")


def new_retry_key() -> str:
    return str(uuid.uuid4())


class OutboxMessage(Base):
    """A message to the outside.

    ``payload`` is the wish, ``frozen`` the exact bytes that every attempt sends. ``retry_key`` is fixed
    when the row is written, so a repeat after a crash is the same request to the counterpart.
    ``status`` moves queued -> sending -> one of the terminal words; terminal is terminal.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        CheckConstraint("lane_rank BETWEEN 0 AND 3", name="lane_rank"),
        Index(
            "ix_outbox_message_due",
            "lane_rank",
            "due_at",
            "id",
            postgresql_where=text("status IN ('queued', 'sending')"),
            sqlite_where=text("status IN ('queued', 'sending')"),
        ),
        Index(
            "ix_outbox_message_not_after",
            "not_after",
            postgresql_where=text("status = 'queued'"),
            sqlite_where=text("status = 'queued'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    lane: Mapped[str] = mapped_column(String(16))
    lane_rank: Mapped[int]
    status: Mapped[str] = mapped_column(String(16), default="queued", index=True)
    dedupe_key: Mapped[str] = mapped_column(String(200), unique=True)
    retry_key: Mapped[str] = mapped_column(String(36), unique=True, default=new_retry_key)
    payload: Mapped[Any] = mapped_column(EncryptedJson)
    channel: Mapped[str] = mapped_column(String(16), default="")
    template: Mapped[str] = mapped_column(String(80), default="")
    frozen: Mapped[bytes | None] = mapped_column(EncryptedBytes)
    frozen_at: Mapped[datetime | None] = mapped_column(Instant)
    recipients: Mapped[int] = mapped_column(default=1)
    not_before: Mapped[datetime | None] = mapped_column(Instant)
    not_after: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    unsure: Mapped[int] = mapped_column(default=0)
    first_attempt_at: Mapped[datetime | None] = mapped_column(Instant)
    last_attempt_at: Mapped[datetime | None] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    detail: Mapped[str] = mapped_column(String(300), default="")
    provider_ref: Mapped[str] = mapped_column(String(200), default="", index=True)
    case_id: Mapped[int | None] = mapped_column(index=True)
    resident_id: Mapped[int | None] = mapped_column(index=True)
    broadcast_id: Mapped[int | None] = mapped_column(index=True)
    fallback_of: Mapped[int | None] = mapped_column(ForeignKey("outbox_message.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)


class ChannelBreaker(Base):
    """A channel that is paused: no token, no entitlement, or the monthly quota is used up."""

    __tablename__ = "outbox_channel_breaker"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    reason: Mapped[str] = mapped_column(String(40))
    until: Mapped[datetime | None] = mapped_column(Instant)
    since: Mapped[datetime] = mapped_column(Instant, default=clock.now)
