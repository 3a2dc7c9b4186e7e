"""Questions the chat could not answer, collected for staff."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp import clock
from webapp.db import Base, EncryptedText, Instant


class OpenQuestion(Base):
    """A question without an answer; who asked is not kept."""

    __tablename__ = "open_question"

    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(EncryptedText)
    channel: Mapped[str] = mapped_column(String(8))
    lang: Mapped[str] = mapped_column(String(4))
    asked_at: Mapped[datetime] = mapped_column(Instant, default=clock.now, index=True)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
