"""Phones on which staff try out notices, and which message a one-time link belongs to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("line_account", sa.Column("staff_id", sa.Integer(), nullable=True))
    op.add_column("one_time_link", sa.Column("message_id", sa.Integer(), nullable=True))
    op.add_column("one_time_link", sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("draft", sa.Column("line_user_id", sa.LargeBinary(), nullable=True))
    op.create_index("ix_one_time_link_message_id", "one_time_link", ["message_id"])


def downgrade() -> None:
    op.drop_index("ix_one_time_link_message_id", table_name="one_time_link")
    op.drop_column("draft", "line_user_id")
    op.drop_column("one_time_link", "opened_at")
    op.drop_column("one_time_link", "message_id")
    op.drop_column("line_account", "staff_id")
