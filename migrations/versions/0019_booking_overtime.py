"""Use beyond the booked time is recorded once for each booking, with its price and its charge."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "booking_overtime",
        sa.Column("booking_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("yen", sa.Integer(), nullable=False),
        sa.Column("quote", JSON, nullable=False),
        sa.Column("charge_id", sa.Integer(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "minutes >= 0 AND minutes <= 1440", name=op.f("ck_booking_overtime_minutes_of_a_day")
        ),
        sa.CheckConstraint("yen >= 0", name=op.f("ck_booking_overtime_yen_not_negative")),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["booking.id"],
            name=op.f("fk_booking_overtime_booking_id_booking"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["charge_id"], ["charge.id"], name=op.f("fk_booking_overtime_charge_id_charge")
        ),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_booking_overtime")),
        sa.UniqueConstraint("charge_id", name=op.f("uq_booking_overtime_charge_id")),
    )


def downgrade() -> None:
    op.drop_table("booking_overtime")
