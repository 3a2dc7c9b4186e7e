"""Who asked to hear about what, and what the city sends to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import webapp.identity.models
import webapp.messaging.models  # noqa: F401 - the tables that the foreign keys name
from webapp import clock
from webapp.db import Base, Instant, Json


class Subscription(Base):
    """One wish to hear about a topic: for an area (町名, "" for everywhere), or a child's birth month.

    It belongs to a LINE account (no sign-in needed) or to a resident, who is told by mail or LINE.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("line_account_id", "topic", "area", "birth_month"),
        UniqueConstraint("resident_id", "topic", "area", "birth_month"),
        CheckConstraint("(line_account_id IS NULL) <> (resident_id IS NULL)", name="one_owner"),
        Index("ix_subscription_audience", "topic", "area"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    line_account_id: Mapped[int | None] = mapped_column(ForeignKey("line_account.id", ondelete="CASCADE"))
    resident_id: Mapped[int | None] = mapped_column(ForeignKey("resident.id", ondelete="CASCADE"))
    topic: Mapped[str] = mapped_column(String(32))
    area: Mapped[str] = mapped_column(String(32), default="")
    birth_month: Mapped[str] = mapped_column(String(7), default="")
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)


class Broadcast(Base):
    """A notice by staff to everyone who asked for it; another person approves before it goes out."""

    __tablename__ = "broadcast"

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(String(32))
    areas: Mapped[list[str]] = mapped_column(Json, default=list)
    born_from: Mapped[str] = mapped_column(String(7), default="")
    born_to: Mapped[str] = mapped_column(String(7), default="")
    lane: Mapped[str] = mapped_column(String(16), default="bulk")
    texts: Mapped[dict[str, Any]] = mapped_column(Json)
    """``{"title": {ja, easy, en}, "body": {ja, easy, en}, "url": str}``: public words only."""
    status: Mapped[str] = mapped_column(String(16), default="draft", index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    source: Mapped[str] = mapped_column(String(16), default="staff")
    counted: Mapped[int] = mapped_column(default=0)
    """Recipients at the last count before approval."""
    send_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    note: Mapped[str] = mapped_column(String(300), default="")
