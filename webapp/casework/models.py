"""Tables of the case and of everything that hangs on it.

What people typed is sealed (Encrypted*); the inbox reads only the plain columns of ``Case`` and the
keyed grams of ``CaseGram``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

import webapp.identity.models  # noqa: F401 - the tables that the foreign keys name
from webapp.db import Base, EncryptedBytes, EncryptedJson, EncryptedText, Instant, Json


class Case(Base):
    """One matter of one person or group, whatever its kind."""

    __tablename__ = "case_file"
    __table_args__ = (
        Index("ix_case_file_inbox", "department", "closed_at", "due_on"),
        Index("ix_case_file_count", "slug", "fiscal_year", "channel"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    reference: Mapped[str] = mapped_column(String(16), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    slug: Mapped[str] = mapped_column(String(64), index=True)
    title: Mapped[dict[str, Any]] = mapped_column(Json)
    department: Mapped[str] = mapped_column(String(64))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    status: Mapped[str] = mapped_column(String(24), index=True)
    resident_id: Mapped[int | None] = mapped_column(ForeignKey("resident.id"), index=True)
    contact: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    channel: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(64))
    arrived_at: Mapped[datetime] = mapped_column(Instant, index=True)
    """When the server recorded the first submission; a corrected application keeps it."""
    fiscal_year: Mapped[int] = mapped_column(Integer)
    """年度 of arrival in Asia/Tokyo, so that statistics group without arithmetic on instants."""
    period: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Processing time as ``{"amount": 14, "unit": "business_days"}``; see ``deadline``."""
    due_on: Mapped[date | None] = mapped_column(Date)
    answer_by: Mapped[date | None] = mapped_column(Date)
    """Until when the resident may answer the correction that is out (Asia/Tokyo, that day included)."""
    benefit_yen: Mapped[int | None] = mapped_column(Integer)
    """What the application asks the city to pay; counts against the budget while it is not refused."""
    paused_at: Mapped[datetime | None] = mapped_column(Instant)
    """Set while a correction is with the resident: the clock stands still."""
    news: Mapped[str | None] = mapped_column(String(16), index=True)
    """What staff have not taken up yet: arrived, answered, message, withdrawn, paid, opinion."""
    news_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    outcome: Mapped[str | None] = mapped_column(String(24))
    updated_at: Mapped[datetime] = mapped_column(Instant, index=True)
    retain_until: Mapped[date | None] = mapped_column(Date, index=True)
    redacted_at: Mapped[datetime | None] = mapped_column(Instant)
    lock_version: Mapped[int] = mapped_column(Integer, default=1)

    events: Mapped[list[CaseEvent]] = relationship(order_by="CaseEvent.id", viewonly=True)
    messages: Mapped[list[CaseMessage]] = relationship(order_by="CaseMessage.id", viewonly=True)
    documents: Mapped[list[CaseDocument]] = relationship(order_by="CaseDocument.id", viewonly=True)

    __mapper_args__ = {"version_id_col": lock_version}

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None


class CaseEvent(Base):
    """One line of the timeline; ``public`` lines are shown to the resident."""

    __tablename__ = "case_event"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    event: Mapped[str] = mapped_column(String(40))
    public: Mapped[bool] = mapped_column(Boolean)
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str | None] = mapped_column(String(64))
    actor_label: Mapped[str] = mapped_column(EncryptedText)
    channel: Mapped[str] = mapped_column(String(16))
    data: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)


class CaseMessage(Base):
    """One message between the resident and the office."""

    __tablename__ = "case_message"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    from_staff: Mapped[bool] = mapped_column(Boolean)
    author_id: Mapped[str | None] = mapped_column(String(64))
    author_label: Mapped[str] = mapped_column(EncryptedText)
    body: Mapped[str] = mapped_column(EncryptedText)
    files: Mapped[list[dict[str, Any]]] = mapped_column(EncryptedJson, default=list)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the other side took it up."""


class CaseNote(Base):
    """An internal note; never shown to the resident (but subject to disclosure requests)."""

    __tablename__ = "case_note"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    staff_id: Mapped[int | None] = mapped_column(Integer)
    author_label: Mapped[str] = mapped_column(EncryptedText)
    body: Mapped[str] = mapped_column(EncryptedText)


class CaseDocument(Base):
    """Something issued on the case, kept in the storage port and opened by the resident."""

    __tablename__ = "case_document"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    title: Mapped[str] = mapped_column(String(200))
    filename: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    storage_key: Mapped[str] = mapped_column(String(200))
    issued_at: Mapped[datetime] = mapped_column(Instant)
    issued_by: Mapped[str | None] = mapped_column(String(64))
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_on: Mapped[date | None] = mapped_column(Date)


class CaseDecision(Base):
    """A decision with what the letter must carry; a re-opened case keeps the one it had."""

    __tablename__ = "case_decision"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id", ondelete="CASCADE"), index=True)
    step: Mapped[str] = mapped_column(String(24))
    decided_at: Mapped[datetime] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(String(64))
    reasons: Mapped[str] = mapped_column(EncryptedText, default="")
    conditions: Mapped[str] = mapped_column(EncryptedText, default="")
    message: Mapped[str] = mapped_column(EncryptedText, default="")
    instruction: Mapped[str] = mapped_column(EncryptedText, default="")
    """教示, as it stood in the city's settings on that day."""
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class CasePause(Base):
    """A span in which the statutory clock stood still."""

    __tablename__ = "case_pause"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id", ondelete="CASCADE"), index=True)
    began_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class CaseTick(Base):
    """確認済: an officer looked at this value; the tick lives as long as the value does."""

    __tablename__ = "case_tick"
    __table_args__ = (UniqueConstraint("case_id", "path"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(String(200))
    value_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant)
    staff_id: Mapped[int | None] = mapped_column(Integer)


class CaseOpinion(Base):
    """意見照会: what another department was asked, and what it said."""

    __tablename__ = "case_opinion"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id", ondelete="CASCADE"), index=True)
    department: Mapped[str] = mapped_column(String(64), index=True)
    question: Mapped[str] = mapped_column(EncryptedText)
    asked_by: Mapped[str | None] = mapped_column(String(64))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    due_on: Mapped[date | None] = mapped_column(Date)
    stance: Mapped[str | None] = mapped_column(String(16))
    """agree, object or remark, once answered."""
    answer: Mapped[str] = mapped_column(EncryptedText, default="")
    answered_by: Mapped[str | None] = mapped_column(String(64))
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class CaseDuty(Base):
    """Something the resident still owes: an attachment to follow, a report, a renewal."""

    __tablename__ = "case_duty"
    __table_args__ = (UniqueConstraint("case_id", "key"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    label: Mapped[dict[str, Any]] = mapped_column(Json)
    due_on: Mapped[date] = mapped_column(Date, index=True)
    remind_on: Mapped[date | None] = mapped_column(Date)
    """The day of the reminder; None means a week before ``due_on``."""
    procedure: Mapped[str | None] = mapped_column(String(64))
    """The slug of the procedure with which it is done online."""
    text: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    done_by: Mapped[str | None] = mapped_column(String(64))


class CaseGram(Base):
    """Keyed search grams: which one- and two-character pieces occur in a case."""

    __tablename__ = "case_gram"
    __table_args__ = {"sqlite_with_rowid": False}

    gram: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(
        ForeignKey("case_file.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )


class CaseKey(Base):
    """The one random key behind passwords and search grams; sealed, so it survives key rotation."""

    __tablename__ = "case_key"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    key: Mapped[bytes] = mapped_column(EncryptedBytes)


class RetentionRun(Base):
    """The record of one deletion or anonymisation run; holds counts and references, nothing personal."""

    __tablename__ = "retention_run"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    staff_id: Mapped[str | None] = mapped_column(String(64))
    dry_run: Mapped[bool] = mapped_column(Boolean)
    counts: Mapped[dict[str, Any]] = mapped_column(Json)
    references: Mapped[list[str]] = mapped_column(Json)
