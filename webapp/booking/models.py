"""Tables of booking. `occupancy` is where no double booking is decided, by the database itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    DDL,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    event,
)
from sqlalchemy.orm import Mapped, mapped_column

import webapp.casework.models  # noqa: F401 - the tables that the foreign keys name
from webapp.db import Base, EncryptedJson, EncryptedText, Instant, Json


class Cell(Base):
    """An atomic part of a facility: the finest piece that somebody can take alone."""

    __tablename__ = "booking_cell"
    __table_args__ = (UniqueConstraint("facility", "key"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    facility: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(64))


class Booking(Base):
    """One use of one room on one stretch of time. Several of a series stand on one case."""

    __tablename__ = "booking"
    __table_args__ = (
        Index("ix_booking_day", "facility", "use_on"),
        Index("ix_booking_expiry", "state", "expires_at"),
        Index("ix_booking_pay_by", "state", "pay_by"),
        Index("ix_booking_person", "resident_id", "use_on"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    basket: Mapped[str] = mapped_column(String(32), index=True)
    """Bookings chosen in one go; they are confirmed together, on one case."""
    facility: Mapped[str] = mapped_column(String(64))
    room: Mapped[str] = mapped_column(String(64))
    use_on: Mapped[date] = mapped_column(Date)
    """Day of use in Asia/Tokyo."""
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    bands: Mapped[list[str]] = mapped_column(Json, default=list)
    state: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(16), default="web")
    resident_id: Mapped[int | None] = mapped_column(ForeignKey("resident.id"))
    owner_key: Mapped[str | None] = mapped_column(String(64), index=True)
    """Who counts for limits: the person, the group, or the visitor's session."""
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    contact: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    persons: Mapped[int] = mapped_column(Integer, default=0)
    purpose: Mapped[str | None] = mapped_column(String(64))
    title: Mapped[str | None] = mapped_column(EncryptedText)
    """What the event is called, as typed."""
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    extras: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    answers: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    """To the questions of the definition that the facility names; kept under ``answers_version``."""
    answers_version: Mapped[str | None] = mapped_column(String(64))
    exemption: Mapped[dict[str, Any] | None] = mapped_column(Json)
    reasons: Mapped[dict[str, str] | None] = mapped_column(EncryptedJson)
    """As typed: why an exemption is asked for ("exemption"), why it is denied ("denied"), why the use ended
    ("ended"). Read them with ``why``."""
    quote: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Frozen at confirmation; a new one replaces it only with a change or a decided exemption."""
    total_yen: Mapped[int] = mapped_column(Integer, default=0)
    paid_yen: Mapped[int] = mapped_column(Integer, default=0)
    charge_id: Mapped[int | None] = mapped_column(Integer, index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    extended: Mapped[bool] = mapped_column(Boolean, default=False)
    pay_by: Mapped[datetime | None] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    refund: Mapped[dict[str, Any] | None] = mapped_column(Json)
    changes: Mapped[int] = mapped_column(Integer, default=0)
    attended: Mapped[bool | None] = mapped_column(Boolean)
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)

    def why(self, what: str) -> str:
        """The reason given for ``what``, empty where none was."""
        return (self.reasons or {}).get(what) or self._unsealed(what)

    def give_reason(self, what: str, reason: str) -> None:
        self.reasons = {**(self.reasons or {}), what: reason}

    def _unsealed(self, what: str) -> str:
        """Bookings from before reasons were sealed carry them beside what they explain."""
        old = {"exemption": (self.exemption, "reason"), "denied": (self.exemption, "decided_reason")}
        kept, name = old.get(what, (self.refund, "reason"))
        return str((kept or {}).get(name) or "")


class Closure(Base):
    """Closed for maintenance, an event of the city (公用), or another reason; holds occupancy rows."""

    __tablename__ = "booking_closure"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    facility: Mapped[str] = mapped_column(String(64), index=True)
    rooms: Mapped[list[str]] = mapped_column(Json)
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str | None] = mapped_column(String(64))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class Occupancy(Base):
    """A cell taken for [starts_at, ends_at), by a hold, a booking or a closure.

    No two rows of a cell overlap: on PostgreSQL an exclusion constraint, on SQLite a trigger that
    ignores the second row exactly as ON CONFLICT DO NOTHING does.
    """

    __tablename__ = "occupancy"
    __table_args__ = (
        Index("ix_occupancy_cell_start", "cell_id", "starts_at"),
        CheckConstraint("ends_at > starts_at", name="range"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    cell_id: Mapped[int] = mapped_column(ForeignKey("booking_cell.id"))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), index=True)
    closure_id: Mapped[int | None] = mapped_column(ForeignKey("booking_closure.id"), index=True)


class Counter(Base):
    """How many of a stock item, or how many people of a session, are taken in one quantum of time."""

    __tablename__ = "booking_counter"
    __table_args__ = (
        CheckConstraint("used >= 0 AND used <= capacity", name="within"),
        Index("ix_booking_counter_quantum", "resource", "quantum"),
    )

    resource: Mapped[str] = mapped_column(String(140), primary_key=True)
    quantum: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    used: Mapped[int] = mapped_column(Integer)
    capacity: Mapped[int] = mapped_column(Integer)
    closed: Mapped[bool] = mapped_column(Boolean, default=False)


class Registration(Base):
    """A person or group that may book: classes, validity, provisional until reviewed (利用者登録)."""

    __tablename__ = "booking_registration"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    resident_id: Mapped[int | None] = mapped_column(ForeignKey("resident.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(EncryptedText)
    details: Mapped[dict[str, Any]] = mapped_column(EncryptedJson, default=dict)
    classes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Facts this registration proves: resident, group_class, exemption."""
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(Instant)
    provisional_until: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    reviewed_by: Mapped[str | None] = mapped_column(String(64))


class RegisterEntry(Base):
    """Which case made or renewed which registration, and the status of the case that was acted on last."""

    __tablename__ = "booking_register_entry"

    case_id: Mapped[int] = mapped_column(
        ForeignKey("case_file.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    registration_id: Mapped[int] = mapped_column(ForeignKey("booking_registration.id"), index=True)
    status: Mapped[str] = mapped_column(String(24))


class Target(Base):
    """What a facility wants to reach in a fiscal year, in whole percent; empty where nothing is aimed at."""

    __tablename__ = "booking_target"

    facility: Mapped[str] = mapped_column(String(64), primary_key=True)
    fiscal_year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    use_percent: Mapped[int | None] = mapped_column(Integer)
    online_percent: Mapped[int | None] = mapped_column(Integer)


POSTGRES_RULE = (
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    "ALTER TABLE occupancy ADD CONSTRAINT ex_occupancy_no_overlap EXCLUDE USING gist "
    "(cell_id WITH =, tstzrange(starts_at, ends_at) WITH &&)",
)
SQLITE_RULE = (
    """CREATE TRIGGER occupancy_no_overlap_insert BEFORE INSERT ON occupancy
WHEN EXISTS (SELECT 1 FROM occupancy o WHERE o.cell_id = NEW.cell_id
             AND o.starts_at < NEW.ends_at AND o.ends_at > NEW.starts_at)
BEGIN SELECT RAISE(IGNORE); END""",
    """CREATE TRIGGER occupancy_no_overlap_update BEFORE UPDATE ON occupancy
WHEN EXISTS (SELECT 1 FROM occupancy o WHERE o.cell_id = NEW.cell_id AND o.id <> NEW.id
             AND o.starts_at < NEW.ends_at AND o.ends_at > NEW.starts_at)
BEGIN SELECT RAISE(ABORT, 'occupancy overlaps'); END""",
)
"""The rules that migrations repeat word for word."""


def _attach(statements: tuple[str, ...], dialect: str) -> None:
    for statement in statements:
        rule = DDL(statement)  # type: ignore[no-untyped-call]  # SQLAlchemy leaves DDL's signature open
        event.listen(Occupancy.__table__, "after_create", rule.execute_if(dialect=dialect))


_attach(POSTGRES_RULE, "postgresql")
_attach(SQLITE_RULE, "sqlite")
