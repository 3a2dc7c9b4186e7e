"""Drafts, answers, files, corrections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "definition_version",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_definition_version")),
    )
    op.create_index(op.f("ix_definition_version_slug"), "definition_version", ["slug"], unique=False)
    op.create_table(
        "definition_publication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=80), nullable=True),
        sa.Column("explanation", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("closes_old", sa.Boolean(), nullable=False),
        sa.Column("effect", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["previous"],
            ["definition_version.hash"],
            name=op.f("fk_definition_publication_previous_definition_version"),
        ),
        sa.ForeignKeyConstraint(
            ["version"],
            ["definition_version.hash"],
            name=op.f("fk_definition_publication_version_definition_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_definition_publication")),
    )
    op.create_index(op.f("ix_definition_publication_slug"), "definition_publication", ["slug"], unique=False)
    op.create_table(
        "answer_sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("provenance", sa.LargeBinary(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_file.id"], name=op.f("fk_answer_sheet_case_id_case_file")
        ),
        sa.ForeignKeyConstraint(
            ["version"], ["definition_version.hash"], name=op.f("fk_answer_sheet_version_definition_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_sheet")),
        sa.UniqueConstraint("case_id", "revision", name=op.f("uq_answer_sheet_case_id_revision")),
    )
    op.create_index(op.f("ix_answer_sheet_case_id"), "answer_sheet", ["case_id"], unique=False)
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("open_key", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sheet_revision", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_correction_case_id_case_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
        sa.UniqueConstraint("open_key", name=op.f("uq_correction_open_key")),
    )
    op.create_index(op.f("ix_correction_case_id"), "correction", ["case_id"], unique=False)
    op.create_table(
        "draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=True),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("seen_version", sa.String(length=64), nullable=False),
        sa.Column("upgraded_from", sa.String(length=64), nullable=True),
        sa.Column("declined_version", sa.String(length=64), nullable=True),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("provenance", sa.LargeBinary(), nullable=False),
        sa.Column("overwritten", sa.LargeBinary(), nullable=False),
        sa.Column("page", sa.String(length=80), nullable=True),
        sa.Column("reached", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("lang", sa.String(length=8), nullable=False),
        sa.Column("again_of_case_id", sa.Integer(), nullable=True),
        sa.Column("mandate_id", sa.Integer(), nullable=True),
        sa.Column("on_behalf_of_id", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kept_days", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_case_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["on_behalf_of_id"], ["resident.id"], name=op.f("fk_draft_on_behalf_of_id_resident")
        ),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_draft_resident_id_resident")),
        sa.ForeignKeyConstraint(
            ["submitted_case_id"], ["case_file.id"], name=op.f("fk_draft_submitted_case_id_case_file")
        ),
        sa.ForeignKeyConstraint(
            ["version"], ["definition_version.hash"], name=op.f("fk_draft_version_definition_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("token", name=op.f("uq_draft_token")),
    )
    op.create_index(op.f("ix_draft_expires_at"), "draft", ["expires_at"], unique=False)
    op.create_index(op.f("ix_draft_resident_id"), "draft", ["resident_id"], unique=False)
    op.create_index("ix_draft_slug_open", "draft", ["slug", "submitted_case_id"], unique=False)
    op.create_index(op.f("ix_draft_version"), "draft", ["version"], unique=False)
    op.create_table(
        "submission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("lookup_password", sa.LargeBinary(), nullable=True),
        sa.Column("charge_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("same_key", sa.String(length=64), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_submission_case_id_case_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("draft_id", name=op.f("uq_submission_draft_id")),
    )
    op.create_index(op.f("ix_submission_case_id"), "submission", ["case_id"], unique=False)
    op.create_index(op.f("ix_submission_same_key"), "submission", ["same_key"], unique=False)
    op.create_table(
        "correction_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("correction_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("after", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["correction.id"], name=op.f("fk_correction_item_correction_id_correction")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_item")),
    )
    op.create_index(
        op.f("ix_correction_item_correction_id"), "correction_item", ["correction_id"], unique=False
    )
    op.create_table(
        "stored_file",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sniffed_type", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.Column("scan_state", sa.String(length=16), nullable=False),
        sa.Column("position_removed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_stored_file_case_id_case_file")),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_stored_file_draft_id_draft")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
    )
    op.create_index(op.f("ix_stored_file_case_id"), "stored_file", ["case_id"], unique=False)
    op.create_index(op.f("ix_stored_file_draft_id"), "stored_file", ["draft_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_stored_file_draft_id"), table_name="stored_file")
    op.drop_index(op.f("ix_stored_file_case_id"), table_name="stored_file")
    op.drop_table("stored_file")
    op.drop_index(op.f("ix_correction_item_correction_id"), table_name="correction_item")
    op.drop_table("correction_item")
    op.drop_index(op.f("ix_submission_same_key"), table_name="submission")
    op.drop_index(op.f("ix_submission_case_id"), table_name="submission")
    op.drop_table("submission")
    op.drop_index(op.f("ix_draft_version"), table_name="draft")
    op.drop_index("ix_draft_slug_open", table_name="draft")
    op.drop_index(op.f("ix_draft_resident_id"), table_name="draft")
    op.drop_index(op.f("ix_draft_expires_at"), table_name="draft")
    op.drop_table("draft")
    op.drop_index(op.f("ix_correction_case_id"), table_name="correction")
    op.drop_table("correction")
    op.drop_index(op.f("ix_answer_sheet_case_id"), table_name="answer_sheet")
    op.drop_table("answer_sheet")
    op.drop_index(op.f("ix_definition_publication_slug"), table_name="definition_publication")
    op.drop_table("definition_publication")
    op.drop_index(op.f("ix_definition_version_slug"), table_name="definition_version")
    op.drop_table("definition_version")
