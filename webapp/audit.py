"""Who did or saw what, when: append-only, and without personal text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp import clock
from webapp.db import Base, Instant, Json

ActorKind = Literal["resident", "staff", "visitor", "system"]


@dataclass(frozen=True)
class Actor:
    """Who acts, for whom, through which channel. ``label`` may be shown to staff; it is never stored here."""

    kind: ActorKind
    id: str | None = None
    label: str = ""
    on_behalf_of: str | None = None
    channel: str = "web"


SYSTEM = Actor("system", label="システム", channel="system")


class AuditEntry(Base):
    """One line of the trail. ``batch_id`` is set when a worker seals it into the chain."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_object", "object_kind", "object_id"),
        Index("ix_audit_entry_actor", "actor_kind", "actor_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str | None] = mapped_column(String(64))
    on_behalf_of: Mapped[str | None] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(16))
    action: Mapped[str] = mapped_column(String(64), index=True)
    object_kind: Mapped[str] = mapped_column(String(32))
    object_id: Mapped[str] = mapped_column(String(64))
    case_id: Mapped[int | None] = mapped_column(Integer, index=True)
    details: Mapped[dict[str, Any]] = mapped_column(Json)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("audit_batch.id"), index=True)


class AuditBatch(Base):
    """A sealed run of entries; ``digest`` covers the entries and the digest before."""

    __tablename__ = "audit_batch"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    sealed_at: Mapped[datetime] = mapped_column(Instant)
    first_entry_id: Mapped[int] = mapped_column(BigInteger)
    last_entry_id: Mapped[int] = mapped_column(BigInteger)
    previous_digest: Mapped[str] = mapped_column(String(64), unique=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)


def record(
    session: Session,
    actor: Actor,
    action: str,
    *,
    object_kind: str,
    object_id: str | int,
    case_id: int | None = None,
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write one line in the caller's transaction.

    ``details`` holds keys, counts and codes, no personal text.
    """
    entry = AuditEntry(
        at=clock.now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        on_behalf_of=actor.on_behalf_of,
        channel=actor.channel,
        action=action,
        object_kind=object_kind,
        object_id=str(object_id),
        case_id=case_id,
        details=details or {},
    )
    session.add(entry)
    return entry
