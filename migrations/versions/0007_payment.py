"""Ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "charge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("resident_id", sa.Integer(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("title", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("payee", sa.String(), nullable=False),
        sa.Column("facility", sa.String(), nullable=True),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("pay_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("konbini_until", sa.Date(), nullable=True),
        sa.Column("blocked", sa.String(), nullable=True),
        sa.Column("payer", sa.LargeBinary(), nullable=False),
        sa.Column("lines_yen", sa.Integer(), nullable=False),
        sa.Column("settled_yen", sa.Integer(), nullable=False),
        sa.Column("refunded_yen", sa.Integer(), nullable=False),
        sa.Column("waived_yen", sa.Integer(), nullable=False),
        sa.Column("open_yen", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("currency = 'jpy'", name=op.f("ck_charge_currency_is_jpy")),
        sa.CheckConstraint(
            "lines_yen = settled_yen - refunded_yen + waived_yen + open_yen", name=op.f("ck_charge_balances")
        ),
        sa.CheckConstraint("lines_yen >= 0", name=op.f("ck_charge_lines_not_negative")),
        sa.CheckConstraint(
            "refunded_yen >= 0 AND refunded_yen <= settled_yen",
            name=op.f("ck_charge_refunded_within_settled"),
        ),
        sa.CheckConstraint(
            "settled_yen >= 0 AND settled_yen <= lines_yen", name=op.f("ck_charge_settled_within_lines")
        ),
        sa.CheckConstraint(
            "waived_yen >= 0 AND waived_yen <= lines_yen", name=op.f("ck_charge_waived_within_lines")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
        sa.UniqueConstraint("token", name=op.f("uq_charge_token")),
    )
    op.create_index(op.f("ix_charge_case_id"), "charge", ["case_id"], unique=False)
    op.create_index(op.f("ix_charge_payee"), "charge", ["payee"], unique=False)
    op.create_index(op.f("ix_charge_resident_id"), "charge", ["resident_id"], unique=False)
    op.create_index("ix_charge_status_due", "charge", ["status", "due_on"], unique=False)
    op.create_table(
        "provider_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("account", sa.String(), nullable=True),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_event")),
        sa.UniqueConstraint("provider", "event_id", name=op.f("uq_provider_event_provider_event_id")),
    )
    op.create_index(
        "ix_provider_event_bad", "provider_event", ["provider", "verdict", "digest"], unique=False
    )
    op.create_index("ix_provider_event_processed", "provider_event", ["processed_at"], unique=False)
    op.create_index(op.f("ix_provider_event_provider_id"), "provider_event", ["provider_id"], unique=False)
    op.create_table(
        "adjustment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("charge_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount_yen", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("citation", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_yen <> 0", name=op.f("ck_adjustment_not_zero")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_adjustment_charge_id_charge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment")),
    )
    op.create_index(op.f("ix_adjustment_charge_id"), "adjustment", ["charge_id"], unique=False)
    op.create_table(
        "charge_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("charge_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("quantity", sa.String(), nullable=False),
        sa.Column("unit_yen", sa.Integer(), nullable=False),
        sa.Column("amount_yen", sa.Integer(), nullable=False),
        sa.Column("tax_class", sa.String(), nullable=False),
        sa.Column("revenue_item", sa.String(), nullable=False),
        sa.Column("citation", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_charge_line_charge_id_charge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge_line")),
        sa.UniqueConstraint("charge_id", "position", name=op.f("uq_charge_line_charge_id_position")),
    )
    op.create_table(
        "payment_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("charge_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("amount_yen", sa.Integer(), nullable=False),
        sa.Column("methods", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=True),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("payment_id", sa.String(), nullable=True),
        sa.Column("redirect_url", sa.String(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pending_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("instructions", sa.LargeBinary(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_yen > 0", name=op.f("ck_payment_attempt_amount_positive")),
        sa.ForeignKeyConstraint(
            ["charge_id"], ["charge.id"], name=op.f("fk_payment_attempt_charge_id_charge")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_attempt")),
        sa.UniqueConstraint("key", name=op.f("uq_payment_attempt_key")),
        sa.UniqueConstraint("provider", "provider_id", name=op.f("uq_payment_attempt_provider_provider_id")),
    )
    op.create_index(op.f("ix_payment_attempt_charge_id"), "payment_attempt", ["charge_id"], unique=False)
    op.create_index(
        "ix_payment_attempt_status_checked", "payment_attempt", ["status", "checked_at"], unique=False
    )
    op.create_index(
        "uq_payment_attempt_one_open",
        "payment_attempt",
        ["charge_id"],
        unique=True,
        sqlite_where=sa.text("status IN ('created', 'started', 'pending')"),
        postgresql_where=sa.text("status IN ('created', 'started', 'pending')"),
    )
    op.create_table(
        "settlement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("charge_id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("parked_reason", sa.String(), nullable=True),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("till", sa.String(), nullable=True),
        sa.Column("amount_yen", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("fee_yen", sa.Integer(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("found_by", sa.String(), nullable=False),
        sa.Column("paid_out_on", sa.Date(), nullable=True),
        sa.Column("refund_reserved_yen", sa.Integer(), nullable=False),
        sa.Column("refunded_yen", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('applied', 'parked')", name=op.f("ck_settlement_state_known")),
        sa.CheckConstraint("amount_yen > 0", name=op.f("ck_settlement_amount_positive")),
        sa.CheckConstraint(
            "refunded_yen >= 0 AND refunded_yen <= refund_reserved_yen AND refund_reserved_yen <= amount_yen",
            name=op.f("ck_settlement_refunds_within_amount"),
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["payment_attempt.id"], name=op.f("fk_settlement_attempt_id_payment_attempt")
        ),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_settlement_charge_id_charge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_settlement_attempt_id")),
    )
    op.create_index(op.f("ix_settlement_charge_id"), "settlement", ["charge_id"], unique=False)
    op.create_index("ix_settlement_paid_on", "settlement", ["paid_on", "channel"], unique=False)
    op.create_table(
        "refund",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("charge_id", sa.Integer(), nullable=False),
        sa.Column("settlement_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("amount_yen", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("rule", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("provider_refund_id", sa.String(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("bank", sa.LargeBinary(), nullable=True),
        sa.Column("bank_deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("till", sa.String(), nullable=True),
        sa.CheckConstraint("amount_yen > 0", name=op.f("ck_refund_amount_positive")),
        sa.CheckConstraint(
            "approved_by IS NULL OR NOT needs_approval OR approved_by <> proposed_by",
            name=op.f("ck_refund_second_person"),
        ),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_refund_charge_id_charge")),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.id"], name=op.f("fk_refund_settlement_id_settlement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("key", name=op.f("uq_refund_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_refund_reference")),
        sa.UniqueConstraint("token", name=op.f("uq_refund_token")),
    )
    op.create_index(op.f("ix_refund_case_id"), "refund", ["case_id"], unique=False)
    op.create_index(op.f("ix_refund_charge_id"), "refund", ["charge_id"], unique=False)
    op.create_index(op.f("ix_refund_provider_refund_id"), "refund", ["provider_refund_id"], unique=False)
    op.create_index(op.f("ix_refund_settlement_id"), "refund", ["settlement_id"], unique=False)
    op.create_index("ix_refund_status", "refund", ["status"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_refund_status", table_name="refund")
    op.drop_index(op.f("ix_refund_settlement_id"), table_name="refund")
    op.drop_index(op.f("ix_refund_provider_refund_id"), table_name="refund")
    op.drop_index(op.f("ix_refund_charge_id"), table_name="refund")
    op.drop_index(op.f("ix_refund_case_id"), table_name="refund")
    op.drop_table("refund")
    op.drop_index("ix_settlement_paid_on", table_name="settlement")
    op.drop_index(op.f("ix_settlement_charge_id"), table_name="settlement")
    op.drop_table("settlement")
    op.drop_index(
        "uq_payment_attempt_one_open",
        table_name="payment_attempt",
        sqlite_where=sa.text("status IN ('created', 'started', 'pending')"),
        postgresql_where=sa.text("status IN ('created', 'started', 'pending')"),
    )
    op.drop_index("ix_payment_attempt_status_checked", table_name="payment_attempt")
    op.drop_index(op.f("ix_payment_attempt_charge_id"), table_name="payment_attempt")
    op.drop_table("payment_attempt")
    op.drop_table("charge_line")
    op.drop_index(op.f("ix_adjustment_charge_id"), table_name="adjustment")
    op.drop_table("adjustment")
    op.drop_index(op.f("ix_provider_event_provider_id"), table_name="provider_event")
    op.drop_index("ix_provider_event_processed", table_name="provider_event")
    op.drop_index("ix_provider_event_bad", table_name="provider_event")
    op.drop_table("provider_event")
    op.drop_index("ix_charge_status_due", table_name="charge")
    op.drop_index(op.f("ix_charge_resident_id"), table_name="charge")
    op.drop_index(op.f("ix_charge_payee"), table_name="charge")
    op.drop_index(op.f("ix_charge_case_id"), table_name="charge")
    op.drop_table("charge")
