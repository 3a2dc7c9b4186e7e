"""Tables of staff proof: second factors, recovery codes, invitations, single sign-on, four-eyes requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, EncryptedBytes, Instant, Json


class StaffFactor(Base):
    """A second factor. ``secret``: the TOTP key, or a passkey's public key."""

    __tablename__ = "staff_factor"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    """``totp`` or ``passkey``."""
    label: Mapped[str] = mapped_column(String(64))
    secret: Mapped[bytes] = mapped_column(EncryptedBytes)
    credential_id: Mapped[str | None] = mapped_column(String(512), unique=True)
    counter: Mapped[int] = mapped_column(BigInteger, default=0)
    """The last accepted time step of a TOTP, or the signature count of a passkey: never accepted twice."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)


class RecoveryCode(Base):
    """A code for the day the telephone is lost; works once."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class StaffInvitation(Base):
    """A link with which a new (or locked-out) person sets the password. Works once, three days."""

    __tablename__ = "staff_invitation"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class StaffLink(Base):
    """A staff member at the organisation's own sign-in (OpenID Connect); never by mail address."""

    __tablename__ = "staff_link"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(64))
    linked_at: Mapped[datetime] = mapped_column(Instant)


class Approval(Base):
    """A step that needs a second person: who asked, who decided, and never the same."""

    __tablename__ = "approval"
    __table_args__ = (Index("ix_approval_object", "object_kind", "object_id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    action: Mapped[str] = mapped_column(String(64))
    object_kind: Mapped[str] = mapped_column(String(32))
    object_id: Mapped[str] = mapped_column(String(64))
    payload_digest: Mapped[str] = mapped_column(String(64))
    """What was asked for, hashed: a changed request needs a new approval."""
    details: Mapped[dict[str, Any]] = mapped_column(Json)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(String(400), default="")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str] = mapped_column(String(16), default="waiting")
    """``waiting``, ``approved``, ``refused``, ``used`` or ``withdrawn``."""
