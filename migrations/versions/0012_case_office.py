"""What cases gain: budgets, registrations, answer dates, export templates and batches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("case_file", sa.Column("benefit_yen", sa.Integer(), nullable=True))
    op.add_column("case_file", sa.Column("answer_by", sa.Date(), nullable=True))
    op.execute(
        "UPDATE case_file SET answer_by = (SELECT deadline FROM correction"
        " WHERE correction.case_id = case_file.id AND correction.status = 'open')"
    )
    op.add_column("case_duty", sa.Column("remind_on", sa.Date(), nullable=True))
    op.add_column("case_duty", sa.Column("procedure", sa.String(length=64), nullable=True))
    op.add_column("case_duty", sa.Column("text", JSON, nullable=True))
    op.create_table(
        "benefit_budget",
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slug", "fiscal_year", name=op.f("pk_benefit_budget")),
    )
    op.create_table(
        "case_registration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("label", JSON, nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
            name=op.f("fk_case_registration_case_id_case_file"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_case_registration_resident_id_resident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_registration")),
    )
    op.create_index("ix_case_registration_case_id", "case_registration", ["case_id"])
    op.create_index("ix_case_registration_resident_id", "case_registration", ["resident_id"])
    op.create_table(
        "export_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("columns", JSON, nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("pattern", sa.String(length=200), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_export_template_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_template")),
    )
    op.create_index("ix_export_template_department", "export_template", ["department"])
    op.create_index("ix_export_template_staff_id", "export_template", ["staff_id"])
    op.create_table(
        "case_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("given", sa.LargeBinary(), nullable=False),
        sa.Column("references", JSON, nullable=False),
        sa.Column("results", JSON, nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_case_batch_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_batch")),
        sa.UniqueConstraint("token", name=op.f("uq_case_batch_token")),
    )
    op.create_index("ix_case_batch_finished_at", "case_batch", ["finished_at"])


def downgrade() -> None:
    op.drop_table("case_batch")
    op.drop_table("export_template")
    op.drop_table("case_registration")
    op.drop_table("benefit_budget")
    for table, column in (
        ("case_duty", "text"),
        ("case_duty", "procedure"),
        ("case_duty", "remind_on"),
        ("case_file", "answer_by"),
        ("case_file", "benefit_yen"),
    ):
        op.drop_column(table, column)
