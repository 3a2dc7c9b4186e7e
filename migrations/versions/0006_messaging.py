"""Messages, links, topics."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "line_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_delivery")),
    )
    op.create_index(op.f("ix_line_delivery_received_at"), "line_delivery", ["received_at"], unique=False)
    op.create_table(
        "line_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("event_ms", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.String(length=40), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_event")),
        sa.UniqueConstraint("event_id", name=op.f("uq_line_event_event_id")),
    )
    op.create_index(op.f("ix_line_event_message_id"), "line_event", ["message_id"], unique=False)
    op.create_index(
        "ix_line_event_waiting",
        "line_event",
        ["event_ms"],
        unique=False,
        postgresql_where=sa.text("processed_at IS NULL"),
        sqlite_where=sa.text("processed_at IS NULL"),
    )
    op.create_table(
        "one_time_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("args", sa.LargeBinary(), nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_one_time_link_token_hash")),
    )
    op.create_index(op.f("ix_one_time_link_expires_at"), "one_time_link", ["expires_at"], unique=False)
    op.create_index(op.f("ix_one_time_link_resident_id"), "one_time_link", ["resident_id"], unique=False)
    op.create_table(
        "broadcast",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("areas", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("born_from", sa.String(length=7), nullable=False),
        sa.Column("born_to", sa.String(length=7), nullable=False),
        sa.Column("lane", sa.String(length=16), nullable=False),
        sa.Column("texts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("approver_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("send_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["approver_id"], ["staff.id"], name=op.f("fk_broadcast_approver_id_staff")),
        sa.ForeignKeyConstraint(["author_id"], ["staff.id"], name=op.f("fk_broadcast_author_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast")),
    )
    op.create_index(op.f("ix_broadcast_send_at"), "broadcast", ["send_at"], unique=False)
    op.create_index(op.f("ix_broadcast_status"), "broadcast", ["status"], unique=False)
    op.create_table(
        "contact_wish",
        sa.Column("resident_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"],
            ["resident.id"],
            name=op.f("fk_contact_wish_resident_id_resident"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("resident_id", name=op.f("pk_contact_wish")),
    )
    op.create_table(
        "line_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=True),
        sa.Column("reachable", sa.Boolean(), nullable=False),
        sa.Column("lang", sa.String(length=4), nullable=False),
        sa.Column("state", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("seen_event_ms", sa.BigInteger(), nullable=False),
        sa.Column("followed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unfollowed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["resident_id"],
            ["resident.id"],
            name=op.f("fk_line_account_resident_id_resident"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_account")),
        sa.UniqueConstraint("user_id", name=op.f("uq_line_account_user_id")),
    )
    op.create_index(op.f("ix_line_account_resident_id"), "line_account", ["resident_id"], unique=False)
    op.create_table(
        "line_link_nonce",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("nonce_hash", sa.String(length=64), nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["resident_id"],
            ["resident.id"],
            name=op.f("fk_line_link_nonce_resident_id_resident"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_link_nonce")),
        sa.UniqueConstraint("nonce_hash", name=op.f("uq_line_link_nonce_nonce_hash")),
    )
    op.create_index(op.f("ix_line_link_nonce_resident_id"), "line_link_nonce", ["resident_id"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line_account_id", sa.Integer(), nullable=True),
        sa.Column("resident_id", sa.Integer(), nullable=True),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("area", sa.String(length=32), nullable=False),
        sa.Column("birth_month", sa.String(length=7), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(line_account_id IS NULL) <> (resident_id IS NULL)", name=op.f("ck_subscription_one_owner")
        ),
        sa.ForeignKeyConstraint(
            ["line_account_id"],
            ["line_account.id"],
            name=op.f("fk_subscription_line_account_id_line_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"],
            ["resident.id"],
            name=op.f("fk_subscription_resident_id_resident"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint(
            "line_account_id",
            "topic",
            "area",
            "birth_month",
            name=op.f("uq_subscription_line_account_id_topic_area_birth_month"),
        ),
        sa.UniqueConstraint(
            "resident_id",
            "topic",
            "area",
            "birth_month",
            name=op.f("uq_subscription_resident_id_topic_area_birth_month"),
        ),
    )
    op.create_index("ix_subscription_audience", "subscription", ["topic", "area"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_subscription_audience", table_name="subscription")
    op.drop_table("subscription")
    op.drop_index(op.f("ix_line_link_nonce_resident_id"), table_name="line_link_nonce")
    op.drop_table("line_link_nonce")
    op.drop_index(op.f("ix_line_account_resident_id"), table_name="line_account")
    op.drop_table("line_account")
    op.drop_table("contact_wish")
    op.drop_index(op.f("ix_broadcast_status"), table_name="broadcast")
    op.drop_index(op.f("ix_broadcast_send_at"), table_name="broadcast")
    op.drop_table("broadcast")
    op.drop_index(op.f("ix_one_time_link_resident_id"), table_name="one_time_link")
    op.drop_index(op.f("ix_one_time_link_expires_at"), table_name="one_time_link")
    op.drop_table("one_time_link")
    op.drop_index(
        "ix_line_event_waiting",
        table_name="line_event",
        postgresql_where=sa.text("processed_at IS NULL"),
        sqlite_where=sa.text("processed_at IS NULL"),
    )
    op.drop_index(op.f("ix_line_event_message_id"), table_name="line_event")
    op.drop_table("line_event")
    op.drop_index(op.f("ix_line_delivery_received_at"), table_name="line_delivery")
    op.drop_table("line_delivery")
