"""The inbox of LINE's webhook, and the nonces of account links."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

import webapp.identity.models  # noqa: F401 - the tables that the foreign keys name
from webapp import clock
from webapp.db import Base, EncryptedBytes, EncryptedJson, Instant


class LineDelivery(Base):
    """One signed webhook body as it came; kept until it was parsed, and longer when it could not be."""

    __tablename__ = "line_delivery"

    id: Mapped[int] = mapped_column(primary_key=True)
    raw: Mapped[bytes] = mapped_column(EncryptedBytes)
    received_at: Mapped[datetime] = mapped_column(Instant, default=clock.now, index=True)
    events: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(100), default="")


class LineEvent(Base):
    """One event; ``event_id`` (webhookEventId) makes a redelivery the same row."""

    __tablename__ = "line_event"
    __table_args__ = (
        Index(
            "ix_line_event_waiting",
            "event_ms",
            postgresql_where=text("processed_at IS NULL"),
            sqlite_where=text("processed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(String(64), unique=True)
    type: Mapped[str] = mapped_column(String(40))
    event_ms: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[str | None] = mapped_column(String(40), index=True)
    body: Mapped[Any] = mapped_column(EncryptedJson)
    received_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    processed_at: Mapped[datetime | None] = mapped_column(Instant)
    failures: Mapped[int] = mapped_column(default=0)
    result: Mapped[str] = mapped_column(String(100), default="")


class LinkNonce(Base):
    """A signed-in resident's permission to link one LINE account; works once, for ten minutes."""

    __tablename__ = "line_link_nonce"

    id: Mapped[int] = mapped_column(primary_key=True)
    nonce_hash: Mapped[str] = mapped_column(String(64), unique=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey("resident.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
