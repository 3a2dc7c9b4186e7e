"""Who can be reached where: LINE friends, wishes about channels, one-time links."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

import webapp.identity.models  # noqa: F401 - the tables that the foreign keys name
from webapp import clock
from webapp.db import Base, EncryptedJson, Instant, Json


class LineAccount(Base):
    """Somebody who added the official account; ``resident_id`` is set once it was linked.

    A LINE user id never proves identity: it only says where a linked resident wants to be told.
    """

    __tablename__ = "line_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64), unique=True)
    resident_id: Mapped[int | None] = mapped_column(
        ForeignKey("resident.id", ondelete="SET NULL"), index=True
    )
    staff_id: Mapped[int | None]
    """Set when somebody of the staff tries notices out on this phone."""
    reachable: Mapped[bool] = mapped_column(default=True)
    lang: Mapped[str] = mapped_column(String(4), default="ja")
    state: Mapped[Any] = mapped_column(Json, default=dict)
    seen_event_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    followed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    linked_at: Mapped[datetime | None] = mapped_column(Instant)
    unfollowed_at: Mapped[datetime | None] = mapped_column(Instant)


class ContactWish(Base):
    """On which channel a resident wants to be told: ``line`` or ``mail`` first, the other as fallback."""

    __tablename__ = "contact_wish"

    resident_id: Mapped[int] = mapped_column(ForeignKey("resident.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8), default="line")
    updated_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)


class OneTimeLink(Base):
    """An opaque address inside a LINE message; it opens a page that asks who is there."""

    __tablename__ = "one_time_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    args: Mapped[Any] = mapped_column(EncryptedJson)
    resident_id: Mapped[int | None] = mapped_column(index=True)
    message_id: Mapped[int | None] = mapped_column(index=True)
    """The outbox row that carries it; an opened link is the only sign that a LINE message was read."""
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
