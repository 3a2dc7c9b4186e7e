"""Tables of acting for another: mandates between residents, and visits at the counter."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Integer, String, false
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, EncryptedJson, EncryptedText, Instant, Json


class Mandate(Base):
    """``grantor`` lets ``agent`` act. Offered by a link, accepted by card, limited in scope and time."""

    __tablename__ = "mandate"
    __table_args__ = (CheckConstraint("agent_id IS NULL OR agent_id <> grantor_id", name="not_oneself"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    grantor_id: Mapped[int] = mapped_column(ForeignKey("resident.id"), index=True)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("resident.id"), index=True)
    basis: Mapped[str] = mapped_column(String(16))
    """``online`` (both by card), ``guardian`` or ``paper`` (staff verified a document)."""
    procedures: Mapped[list[str]] = mapped_column(Json)
    """Slugs; empty means every procedure that allows an agent."""
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date] = mapped_column(Date)
    shares_profile: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """Whether the grantor's kana, birth and address may fill in the agent's forms; the name always does."""
    note: Mapped[str | None] = mapped_column(EncryptedText)
    """Words to the agent; of a mandate that staff recorded, the document they saw."""
    offered_at: Mapped[datetime] = mapped_column(Instant)
    offer_ends_at: Mapped[datetime] = mapped_column(Instant)
    accepted_at: Mapped[datetime | None] = mapped_column(Instant)
    declined_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_by: Mapped[str | None] = mapped_column(String(16))
    verified_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))


class CounterVisit(Base):
    """書かない窓口: staff serve a person present. The tablet shows only what this visit opened."""

    __tablename__ = "counter_visit"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    department: Mapped[str] = mapped_column(String(64))
    resident_id: Mapped[int | None] = mapped_column(ForeignKey("resident.id"))
    proof: Mapped[str] = mapped_column(String(16), default="none")
    """``none``, ``card`` or ``document`` (staff looked at a document)."""
    declared: Mapped[dict[str, Any]] = mapped_column(EncryptedJson, default=dict)
    draft_token: Mapped[str | None] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(Instant)
    code_ends_at: Mapped[datetime] = mapped_column(Instant)
    tablet_at: Mapped[datetime | None] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
