"""Tables of residents' further proofs: codes by mail, signatures, and shielded access records."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, EncryptedBytes, EncryptedJson, EncryptedText, Instant, Json


class MailTicket(Base):
    """A code sent by mail: thirty minutes, five tries, one use, and only in the browser that asked."""

    __tablename__ = "mail_ticket"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(EncryptedText)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    resume: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class Signature(Base):
    """An electronic signature over one exact document, with everything needed to judge it again."""

    __tablename__ = "signature"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    draft_token: Mapped[str] = mapped_column(String(64), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey("resident.id"), index=True)
    document: Mapped[bytes] = mapped_column(EncryptedBytes)
    document_sha256: Mapped[str] = mapped_column(String(64))
    transaction_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    evidence: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    """Signature and certificate (base64), and what the certificate says about the person."""
    verdict: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Every check with its result; no personal text."""
    simulated: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)
    signed_at: Mapped[datetime | None] = mapped_column(Instant)


class AccessShield(Base):
    """A lawful reason not to show the resident, until a day, which department opened a case."""

    __tablename__ = "access_shield"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    reason: Mapped[str] = mapped_column(EncryptedText)
    until: Mapped[date] = mapped_column(Date)
    set_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    set_at: Mapped[datetime] = mapped_column(Instant)
    lifted_at: Mapped[datetime | None] = mapped_column(Instant)
