"""Who did or saw what, when: append-only, and without personal text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import (
    DDL,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    event,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp import clock
from webapp.db import Base, Instant, Json, is_postgres
from webapp.kept import append

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
) -> None:
    """Write one line in the caller's transaction.

    ``details`` holds keys, counts and codes, no personal text.
    """
    record_all(
        session,
        actor,
        [action],
        object_kind=object_kind,
        object_id=object_id,
        case_id=case_id,
        details=details,
    )


def record_all(
    session: Session,
    actor: Actor,
    actions: Iterable[str],
    *,
    object_kind: str,
    object_id: str | int,
    case_id: int | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Write what was done to one object in one go, one line for each of ``actions``."""
    line = {
        "at": clock.now(),
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "on_behalf_of": actor.on_behalf_of,
        "channel": actor.channel,
        "object_kind": object_kind,
        "object_id": str(object_id),
        "case_id": case_id,
        "details": details or {},
    }
    append(session, _INSERT, [{**line, "action": action} for action in actions])


_INSERT = insert(cast(Table, AuditEntry.__table__)).inline()


# -- the chain: a worker seals batches, so that no request waits for another -----------------------

GENESIS = "0" * 64
SEAL_LOCK = 7_000_411
"""Any number of our own: PostgreSQL's advisory lock that lets one worker seal at a time."""


def seal(session: Session, *, most: int = 2000) -> AuditBatch | None:
    """Seal the oldest unsealed entries into the chain; None when there are none. For the clockwork."""
    if is_postgres(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": SEAL_LOCK})
    unsealed = select(AuditEntry).where(AuditEntry.batch_id.is_(None)).order_by(AuditEntry.id).limit(most)
    entries = list(session.scalars(unsealed))
    if not entries:
        return None
    last = session.scalar(select(AuditBatch).order_by(AuditBatch.id.desc()).limit(1))
    previous = last.digest if last else GENESIS
    batch = AuditBatch(
        id=(last.id if last else 0) + 1,
        sealed_at=clock.now(),
        first_entry_id=entries[0].id,
        last_entry_id=entries[-1].id,
        previous_digest=previous,
        digest=_digest(previous, entries),
    )
    session.add(batch)
    session.flush()
    ids = [entry.id for entry in entries]
    session.execute(update(AuditEntry).where(AuditEntry.id.in_(ids)).values(batch_id=batch.id))
    return batch


@dataclass
class Verdict:
    """What ``verify`` found. ``head`` is the last digest: keep it elsewhere to notice a cut-off end."""

    batches: int = 0
    entries: int = 0
    unsealed: int = 0
    head: str = GENESIS
    complaints: list[str] = field(default_factory=list)


def verify(session: Session, *, known_head: str | None = None) -> Verdict:
    """Recompute the whole chain. ``known_head``: a digest noted earlier that must still be in it."""
    verdict, seen = Verdict(), {GENESIS}
    for batch in session.scalars(select(AuditBatch).order_by(AuditBatch.id)):
        query = select(AuditEntry).where(AuditEntry.batch_id == batch.id).order_by(AuditEntry.id)
        entries = list(session.scalars(query))
        verdict.batches, verdict.entries = verdict.batches + 1, verdict.entries + len(entries)
        if batch.id != verdict.batches:
            verdict.complaints.append(f"batch {verdict.batches} is missing")
        if batch.previous_digest != verdict.head:
            verdict.complaints.append(f"batch {batch.id} does not follow the batch before it")
        if _digest(batch.previous_digest, entries) != batch.digest:
            verdict.complaints.append(f"batch {batch.id}: an entry was changed, added or removed")
        verdict.head = batch.digest
        seen.add(batch.digest)
        session.expunge_all()
    verdict.unsealed = session.scalar(select(func.count()).where(AuditEntry.batch_id.is_(None))) or 0
    if known_head is not None and known_head not in seen:
        verdict.complaints.append("the digest noted earlier is not in the chain: its end was cut off")
    return verdict


def _digest(previous: str, entries: Iterable[AuditEntry]) -> str:
    chain = hashlib.sha256(previous.encode())
    for entry in entries:
        chain.update(b"\n" + _canonical(entry))
    return chain.hexdigest()


def _canonical(entry: AuditEntry) -> bytes:
    values = [
        entry.id,
        entry.at.isoformat(timespec="microseconds"),
        entry.actor_kind,
        entry.actor_id,
        entry.on_behalf_of,
        entry.channel,
        entry.action,
        entry.object_kind,
        entry.object_id,
        entry.case_id,
        entry.details,
    ]
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


# -- reading --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    """What an auditor looks for; empty fields do not narrow. ``until`` is exclusive."""

    actor_kind: str = ""
    actor_id: str = ""
    action: str = ""
    object_kind: str = ""
    object_id: str = ""
    case_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def search(
    session: Session, wish: Wish, *, limit: int = 100, before_id: int | None = None
) -> list[AuditEntry]:
    """Return the latest entries that fit; ``before_id`` goes on from the last one shown."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    for name in ("actor_kind", "actor_id", "object_kind", "object_id"):
        if value := getattr(wish, name):
            query = query.where(getattr(AuditEntry, name) == value)
    if wish.action:
        query = query.where(AuditEntry.action.startswith(wish.action, autoescape=True))
    if wish.case_id is not None:
        query = query.where(AuditEntry.case_id == wish.case_id)
    if wish.since is not None:
        query = query.where(AuditEntry.at >= wish.since)
    if wish.until is not None:
        query = query.where(AuditEntry.at < wish.until)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    return list(session.scalars(query))


def of_case(session: Session, case_id: int, *, actions: Sequence[str] = ()) -> list[AuditEntry]:
    """Return what happened to a case, latest first: for 「だれが見たか」."""
    query = select(AuditEntry).where(AuditEntry.case_id == case_id).order_by(AuditEntry.id.desc())
    return list(session.scalars(query.where(AuditEntry.action.in_(actions)) if actions else query))


# -- append-only, by the database itself -------------------------------------------------------------

SQLITE_GUARDS = (
    """CREATE TRIGGER audit_entry_stays BEFORE UPDATE ON audit_entry
    WHEN OLD.batch_id IS NOT NULL OR NEW.id <> OLD.id OR NEW.at <> OLD.at OR NEW.action <> OLD.action
      OR NEW.actor_kind <> OLD.actor_kind OR NEW.actor_id IS NOT OLD.actor_id
      OR NEW.object_id <> OLD.object_id OR NEW.object_kind <> OLD.object_kind OR NEW.details <> OLD.details
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    """CREATE TRIGGER audit_entry_kept BEFORE DELETE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    """CREATE TRIGGER audit_batch_stays BEFORE UPDATE ON audit_batch
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    """CREATE TRIGGER audit_batch_kept BEFORE DELETE ON audit_batch
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
)
POSTGRES_GUARDS = (
    """CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'audit_entry' THEN
        IF OLD.batch_id IS NULL AND to_jsonb(NEW) - 'batch_id' = to_jsonb(OLD) - 'batch_id' THEN
          RETURN NEW;
        END IF;
      END IF;
      RAISE EXCEPTION 'the audit trail is append-only';
    END $$""",
    """CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_append_only()""",
    """CREATE TRIGGER audit_batch_stays BEFORE UPDATE OR DELETE ON audit_batch
    FOR EACH ROW EXECUTE FUNCTION audit_append_only()""",
)

for _statement in SQLITE_GUARDS:
    _ddl = DDL(_statement)  # type: ignore[no-untyped-call]  # SQLAlchemy has no types here
    event.listen(Base.metadata, "after_create", _ddl.execute_if(dialect="sqlite"))
for _statement in POSTGRES_GUARDS:
    _ddl = DDL(_statement.replace("%", "%%"))  # type: ignore[no-untyped-call]  # as above
    event.listen(Base.metadata, "after_create", _ddl.execute_if(dialect="postgresql"))
