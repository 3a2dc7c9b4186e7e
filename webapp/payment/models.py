"""The ledger's tables. A charge always holds: lines = settled - refunded + waived + open.

``open_yen`` below zero is money owed to the payer: paid after the claim was cancelled, or a fee that
was lowered after payment. It returns to zero when the refund succeeds or the claim is restored.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, EncryptedBytes, EncryptedJson, EncryptedText, Instant, Json

OPEN_ATTEMPT = ("created", "started", "pending")
_OPEN_ATTEMPT_SQL = text("status IN ('created', 'started', 'pending')")


class Charge(Base):
    """One thing to be paid for, to one payee, in whatever channel."""

    __tablename__ = "charge"
    __table_args__ = (
        CheckConstraint("currency = 'jpy'", name="currency_is_jpy"),
        CheckConstraint("lines_yen >= 0", name="lines_not_negative"),
        CheckConstraint("settled_yen >= 0 AND settled_yen <= lines_yen", name="settled_within_lines"),
        CheckConstraint("refunded_yen >= 0 AND refunded_yen <= settled_yen", name="refunded_within_settled"),
        CheckConstraint("waived_yen >= 0 AND waived_yen <= lines_yen", name="waived_within_lines"),
        CheckConstraint("lines_yen = settled_yen - refunded_yen + waived_yen + open_yen", name="balances"),
        Index("ix_charge_status_due", "status", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(unique=True)
    case_id: Mapped[int | None] = mapped_column(index=True)
    resident_id: Mapped[int | None] = mapped_column(index=True)
    purpose: Mapped[str]
    title: Mapped[dict[str, Any]] = mapped_column(Json)
    payee: Mapped[str] = mapped_column(index=True)
    facility: Mapped[str | None]
    department: Mapped[str | None]
    channel: Mapped[str]
    currency: Mapped[str] = mapped_column(default="jpy")
    status: Mapped[str]
    due_on: Mapped[date | None]
    lapse_on: Mapped[date | None]
    """The last day on which an overdue claim still stands; it lapses the day after. Null: it never does."""
    lapsed_at: Mapped[datetime | None] = mapped_column(Instant)
    pay_before: Mapped[datetime | None] = mapped_column(Instant)
    """The end of the hold this charge pays for; nothing may be paid later without asking its handler."""
    konbini_until: Mapped[date | None]
    """For a charge with a hold: the last day its rule lets a konbini slip run, null for no slip."""
    methods: Mapped[list[str] | None] = mapped_column(Json)
    """The ways to pay that the rule of what is paid for allows; null for all that the city takes."""
    blocked: Mapped[str | None]
    """Why payment is closed for now (an exemption is being examined), else null."""
    payer: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    lines_yen: Mapped[int]
    settled_yen: Mapped[int] = mapped_column(default=0)
    refunded_yen: Mapped[int] = mapped_column(default=0)
    waived_yen: Mapped[int] = mapped_column(default=0)
    open_yen: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(Instant)
    cancelled_at: Mapped[datetime | None] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)

    lines: Mapped[list["ChargeLine"]] = relationship(order_by="ChargeLine.position", back_populates="charge")
    attempts: Mapped[list["PaymentAttempt"]] = relationship(
        order_by="PaymentAttempt.id", back_populates="charge"
    )
    settlements: Mapped[list["Settlement"]] = relationship(order_by="Settlement.id", back_populates="charge")
    adjustments: Mapped[list["Adjustment"]] = relationship(order_by="Adjustment.id", back_populates="charge")
    refunds: Mapped[list["Refund"]] = relationship(order_by="Refund.id", back_populates="charge")


class ChargeLine(Base):
    """One line of the quote: amount with tax included, its tax class, revenue item and legal source."""

    __tablename__ = "charge_line"
    __table_args__ = (UniqueConstraint("charge_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"))
    position: Mapped[int]
    label: Mapped[dict[str, Any]] = mapped_column(Json)
    quantity: Mapped[str]
    unit_yen: Mapped[int]
    amount_yen: Mapped[int]
    tax_class: Mapped[str]
    revenue_item: Mapped[str]
    citation: Mapped[str | None]
    added_at: Mapped[datetime | None] = mapped_column(Instant)
    """When a correction claimed it; null for the lines the charge was opened with."""

    charge: Mapped[Charge] = relationship(back_populates="lines")


class PaymentAttempt(Base):
    """One try to pay a charge. Its key and request are fixed before the provider is first called."""

    __tablename__ = "payment_attempt"
    __table_args__ = (
        UniqueConstraint("provider", "provider_id"),
        CheckConstraint("amount_yen > 0", name="amount_positive"),
        Index(
            "uq_payment_attempt_one_open",
            "charge_id",
            unique=True,
            sqlite_where=_OPEN_ATTEMPT_SQL,
            postgresql_where=_OPEN_ATTEMPT_SQL,
        ),
        Index("ix_payment_attempt_status_checked", "status", "checked_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"), index=True)
    key: Mapped[str] = mapped_column(unique=True)
    provider: Mapped[str]
    account: Mapped[str]
    amount_yen: Mapped[int]
    methods: Mapped[list[str]] = mapped_column(Json)
    request: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    status: Mapped[str]
    method: Mapped[str | None]
    provider_id: Mapped[str | None]
    payment_id: Mapped[str | None]
    redirect_url: Mapped[str | None]
    expires_at: Mapped[datetime] = mapped_column(Instant)
    pending_until: Mapped[datetime | None] = mapped_column(Instant)
    instructions: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    failure: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Instant)
    checked_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    charge: Mapped[Charge] = relationship(back_populates="attempts")


class ProviderEvent(Base):
    """A callback as it came, kept raw; good ones unique by the provider's id, bad ones by their digest."""

    __tablename__ = "provider_event"
    __table_args__ = (
        UniqueConstraint("provider", "event_id"),
        Index("ix_provider_event_bad", "provider", "verdict", "digest"),
        Index("ix_provider_event_processed", "processed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str]
    event_id: Mapped[str | None]
    kind: Mapped[str | None]
    account: Mapped[str | None]
    provider_id: Mapped[str | None] = mapped_column(index=True)
    verdict: Mapped[str]
    digest: Mapped[str]
    raw: Mapped[bytes] = mapped_column(EncryptedBytes)
    times: Mapped[int] = mapped_column(default=1)
    received_at: Mapped[datetime] = mapped_column(Instant)
    processed_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str | None]


class Settlement(Base):
    """Money that arrived. ``applied`` counts for the charge; ``parked`` waits for a person.

    ``paid_on`` is the payer's act and decides 納付日 and 年度; ``paid_out_on`` is when the payee had it.
    """

    __tablename__ = "settlement"
    __table_args__ = (
        UniqueConstraint("attempt_id"),
        CheckConstraint("amount_yen > 0", name="amount_positive"),
        CheckConstraint(
            "refunded_yen >= 0 AND refunded_yen <= refund_reserved_yen AND refund_reserved_yen <= amount_yen",
            name="refunds_within_amount",
        ),
        CheckConstraint("state IN ('applied', 'parked')", name="state_known"),
        Index("ix_settlement_paid_on", "paid_on", "channel"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"), index=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("payment_attempt.id"))
    state: Mapped[str]
    parked_reason: Mapped[str | None]
    provider: Mapped[str]
    method: Mapped[str]
    channel: Mapped[str]
    till: Mapped[str | None]
    amount_yen: Mapped[int]
    currency: Mapped[str]
    fee_yen: Mapped[int | None]
    paid_at: Mapped[datetime] = mapped_column(Instant)
    paid_on: Mapped[date]
    fiscal_year: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str]
    found_by: Mapped[str]
    paid_out_on: Mapped[date | None]
    refund_reserved_yen: Mapped[int] = mapped_column(default=0)
    refunded_yen: Mapped[int] = mapped_column(default=0)

    charge: Mapped[Charge] = relationship(back_populates="settlements")
    attempt: Mapped[PaymentAttempt] = relationship()


class Adjustment(Base):
    """A change of the claim without money: waived (+), cancelled (+) or restored (-), with its reason."""

    __tablename__ = "adjustment"
    __table_args__ = (CheckConstraint("amount_yen <> 0", name="not_zero"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"), index=True)
    kind: Mapped[str]
    amount_yen: Mapped[int]
    reason: Mapped[str]
    citation: Mapped[str | None]
    made_by: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(Instant)

    charge: Mapped[Charge] = relationship(back_populates="adjustments")


class Refund(Base):
    """Money going back: a step of the charge's case with its own reference and the rule that applied."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("amount_yen > 0", name="amount_positive"),
        CheckConstraint(
            "approved_by IS NULL OR NOT needs_approval OR approved_by <> proposed_by", name="second_person"
        ),
        Index("ix_refund_status", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(unique=True)
    reference: Mapped[str] = mapped_column(unique=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"), index=True)
    settlement_id: Mapped[int] = mapped_column(ForeignKey("settlement.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(index=True)
    amount_yen: Mapped[int]
    cause: Mapped[str]
    rule: Mapped[dict[str, Any]] = mapped_column(Json)
    method: Mapped[str]
    status: Mapped[str]
    needs_approval: Mapped[bool]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    key: Mapped[str] = mapped_column(unique=True)
    provider_refund_id: Mapped[str | None] = mapped_column(index=True)
    email: Mapped[str | None] = mapped_column(EncryptedText)
    bank: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    bank_deleted_at: Mapped[datetime | None] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    done_on: Mapped[date | None]
    failure: Mapped[str | None]
    till: Mapped[str | None]

    charge: Mapped[Charge] = relationship(back_populates="refunds")
    settlement: Mapped[Settlement] = relationship()
