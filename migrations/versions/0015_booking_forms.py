"""Registrations come from cases; bookings keep answers; facilities have targets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_register_entry",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
            name=op.f("fk_booking_register_entry_case_id_case_file"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["booking_registration.id"],
            name=op.f("fk_booking_register_entry_registration_id_booking_registration"),
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_booking_register_entry")),
    )
    op.create_index(
        op.f("ix_booking_register_entry_registration_id"), "booking_register_entry", ["registration_id"]
    )
    op.drop_index(op.f("ix_booking_registration_case_id"), table_name="booking_registration")
    with op.batch_alter_table("booking_registration") as batch:
        batch.drop_constraint(op.f("fk_booking_registration_case_id_case_file"), type_="foreignkey")
        batch.drop_column("case_id")
    op.create_table(
        "booking_target",
        sa.Column("facility", sa.String(length=64), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("use_percent", sa.Integer(), nullable=True),
        sa.Column("online_percent", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("facility", "fiscal_year", name=op.f("pk_booking_target")),
    )
    op.add_column("booking", sa.Column("answers", sa.LargeBinary(), nullable=True))
    op.add_column("booking", sa.Column("answers_version", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("booking", "answers_version")
    op.drop_column("booking", "answers")
    op.drop_table("booking_target")
    with op.batch_alter_table("booking_registration") as batch:
        batch.add_column(sa.Column("case_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_booking_registration_case_id_case_file"), "case_file", ["case_id"], ["id"]
        )
    op.create_index(op.f("ix_booking_registration_case_id"), "booking_registration", ["case_id"])
    op.drop_index(op.f("ix_booking_register_entry_registration_id"), table_name="booking_register_entry")
    op.drop_table("booking_register_entry")
