"""Prepared notices that a signed call may start, and the calls that came."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

import webapp.identity.models
import webapp.messaging.topic_models  # noqa: F401 - the tables that the foreign keys name
from webapp import clock
from webapp.db import Base, Instant


class NoticeApproval(Base):
    """A person has read these very words and lets a signed call send them; other words need another."""

    __tablename__ = "notice_approval"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)


class NoticeCall(Base):
    """One call that started a notice; ``event_hash`` makes its event id a nonce that works once."""

    __tablename__ = "notice_call"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_hash: Mapped[str] = mapped_column(String(64), unique=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(8))
    prepared: Mapped[str] = mapped_column(String(40))
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"))
    received_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
