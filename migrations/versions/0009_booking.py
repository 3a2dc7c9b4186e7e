"""Bookings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

POSTGRES_RULE = (
    """CREATE EXTENSION IF NOT EXISTS btree_gist""",
    """ALTER TABLE occupancy ADD CONSTRAINT ex_occupancy_no_overlap
    EXCLUDE USING gist (cell_id WITH =, tstzrange(starts_at, ends_at) WITH &&)""",
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


def upgrade() -> None:
    op.create_table(
        "booking_cell",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_cell")),
        sa.UniqueConstraint("facility", "key", name=op.f("uq_booking_cell_facility_key")),
    )
    op.create_table(
        "booking_closure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility", sa.String(length=64), nullable=False),
        sa.Column("rooms", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_closure")),
    )
    op.create_index(op.f("ix_booking_closure_facility"), "booking_closure", ["facility"], unique=False)
    op.create_table(
        "booking_counter",
        sa.Column("resource", sa.String(length=140), nullable=False),
        sa.Column("quantum", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("used >= 0 AND used <= capacity", name=op.f("ck_booking_counter_within")),
        sa.PrimaryKeyConstraint("resource", "quantum", name=op.f("pk_booking_counter")),
    )
    op.create_index("ix_booking_counter_quantum", "booking_counter", ["resource", "quantum"], unique=False)
    op.create_table(
        "booking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("basket", sa.String(length=32), nullable=False),
        sa.Column("facility", sa.String(length=64), nullable=False),
        sa.Column("room", sa.String(length=64), nullable=False),
        sa.Column("use_on", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bands", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=True),
        sa.Column("owner_key", sa.String(length=64), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=True),
        sa.Column("title", sa.LargeBinary(), nullable=True),
        sa.Column("facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("extras", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("exemption", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("quote", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("total_yen", sa.Integer(), nullable=False),
        sa.Column("paid_yen", sa.Integer(), nullable=False),
        sa.Column("charge_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("pay_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refund", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("attended", sa.Boolean(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_booking_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_booking_resident_id_resident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
        sa.UniqueConstraint("token", name=op.f("uq_booking_token")),
    )
    op.create_index(op.f("ix_booking_basket"), "booking", ["basket"], unique=False)
    op.create_index(op.f("ix_booking_case_id"), "booking", ["case_id"], unique=False)
    op.create_index(op.f("ix_booking_charge_id"), "booking", ["charge_id"], unique=False)
    op.create_index("ix_booking_day", "booking", ["facility", "use_on"], unique=False)
    op.create_index("ix_booking_expiry", "booking", ["state", "expires_at"], unique=False)
    op.create_index(op.f("ix_booking_owner_key"), "booking", ["owner_key"], unique=False)
    op.create_index("ix_booking_pay_by", "booking", ["state", "pay_by"], unique=False)
    op.create_index("ix_booking_person", "booking", ["resident_id", "use_on"], unique=False)
    op.create_table(
        "booking_registration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("classes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provisional_until", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("reviewed_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_file.id"], name=op.f("fk_booking_registration_case_id_case_file")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_booking_registration_resident_id_resident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_registration")),
        sa.UniqueConstraint("number", name=op.f("uq_booking_registration_number")),
    )
    op.create_index(
        op.f("ix_booking_registration_case_id"), "booking_registration", ["case_id"], unique=False
    )
    op.create_index(
        op.f("ix_booking_registration_resident_id"), "booking_registration", ["resident_id"], unique=False
    )
    op.create_table(
        "occupancy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cell_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("closure_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_occupancy_range")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_occupancy_booking_id_booking")),
        sa.ForeignKeyConstraint(
            ["cell_id"], ["booking_cell.id"], name=op.f("fk_occupancy_cell_id_booking_cell")
        ),
        sa.ForeignKeyConstraint(
            ["closure_id"], ["booking_closure.id"], name=op.f("fk_occupancy_closure_id_booking_closure")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occupancy")),
    )
    op.create_index(op.f("ix_occupancy_booking_id"), "occupancy", ["booking_id"], unique=False)
    op.create_index("ix_occupancy_cell_start", "occupancy", ["cell_id", "starts_at"], unique=False)
    op.create_index(op.f("ix_occupancy_closure_id"), "occupancy", ["closure_id"], unique=False)

    rules = SQLITE_RULE if op.get_bind().dialect.name == "sqlite" else POSTGRES_RULE
    for statement in rules:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index(op.f("ix_occupancy_closure_id"), table_name="occupancy")
    op.drop_index("ix_occupancy_cell_start", table_name="occupancy")
    op.drop_index(op.f("ix_occupancy_booking_id"), table_name="occupancy")
    op.drop_table("occupancy")
    op.drop_index(op.f("ix_booking_registration_resident_id"), table_name="booking_registration")
    op.drop_index(op.f("ix_booking_registration_case_id"), table_name="booking_registration")
    op.drop_table("booking_registration")
    op.drop_index("ix_booking_person", table_name="booking")
    op.drop_index("ix_booking_pay_by", table_name="booking")
    op.drop_index(op.f("ix_booking_owner_key"), table_name="booking")
    op.drop_index("ix_booking_expiry", table_name="booking")
    op.drop_index("ix_booking_day", table_name="booking")
    op.drop_index(op.f("ix_booking_charge_id"), table_name="booking")
    op.drop_index(op.f("ix_booking_case_id"), table_name="booking")
    op.drop_index(op.f("ix_booking_basket"), table_name="booking")
    op.drop_table("booking")
    op.drop_index("ix_booking_counter_quantum", table_name="booking_counter")
    op.drop_table("booking_counter")
    op.drop_index(op.f("ix_booking_closure_facility"), table_name="booking_closure")
    op.drop_table("booking_closure")
    op.drop_table("booking_cell")
