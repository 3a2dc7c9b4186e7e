"""Tables of identity: residents, their proofs, staff, sessions, sign-in flows and throttles."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, EncryptedJson, Instant, Json


class Resident(Base):
    """A person or a group. ``profile``: name, kana, birth, address, tel, email, as declared."""

    __tablename__ = "resident"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), default="person")
    profile: Mapped[dict[str, Any]] = mapped_column(EncryptedJson, default=dict)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_signed_in_at: Mapped[datetime | None] = mapped_column(Instant)
    email_bounced_at: Mapped[datetime | None] = mapped_column(Instant)
    protected: Mapped[bool] = mapped_column(Boolean, default=False)
    """支援措置: never shown through mandates, look-ups or prefill for anyone else."""
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)


class IdentityLink(Base):
    """One proof of one resident. ``subject`` is the SHA-256 of the provider's, which is kept sealed."""

    __tablename__ = "identity_link"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey("resident.id"), index=True)
    provider: Mapped[str] = mapped_column(String(32))
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(64))
    level: Mapped[int] = mapped_column(Integer)
    asserted: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    linked_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_link.id"))


class Staff(Base):
    """One staff account. ``roles`` are strings ``role@scope``; see permissions.py."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    email: Mapped[str] = mapped_column(String(254), default="")
    password_hash: Mapped[str | None] = mapped_column(String(255))
    department: Mapped[str] = mapped_column(String(64), index=True)
    roles: Mapped[list[str]] = mapped_column(Json, default=list)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    ends_on: Mapped[date | None] = mapped_column(Date)
    """Last day the account works, such as the end of a designated manager's contract (Asia/Tokyo)."""
    absent_until: Mapped[date | None] = mapped_column(Date)
    substitute_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_signed_in_at: Mapped[datetime | None] = mapped_column(Instant)


class WebSession(Base):
    """A browser's session. The cookie holds a random token; only its SHA-256 is kept here."""

    __tablename__ = "web_session"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    side: Mapped[str] = mapped_column(String(8))
    """``resident`` or ``staff``: each has its own cookie."""
    data: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    resident_id: Mapped[int | None] = mapped_column(ForeignKey("resident.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    level: Mapped[int] = mapped_column(Integer, default=0)
    authenticated_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    device: Mapped[str] = mapped_column(String(80), default="")


class SignInFlow(Base):
    """A sign-in under way at a provider: one use, ten minutes, bound to the browser's session."""

    __tablename__ = "sign_in_flow"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    browser_hash: Mapped[str] = mapped_column(String(64), index=True)
    provider: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(String(16))
    level: Mapped[int] = mapped_column(Integer)
    secrets: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    resume: Mapped[dict[str, Any]] = mapped_column(Json)
    """Where to go on: ``{"endpoint": …, "args": {…}}``, never a URL."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class Throttle(Base):
    """Attempts counted in a window, shared by all workers. ``key`` is a hash: no address is kept."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(Instant, index=True)
    count: Mapped[int] = mapped_column(Integer)
