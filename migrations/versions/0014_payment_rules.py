"""When a claim lapses, and since when a line is claimed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("charge", sa.Column("lapse_on", sa.Date(), nullable=True))
    op.add_column("charge", sa.Column("lapsed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("charge_line", sa.Column("added_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("charge_line", "added_at")
    op.drop_column("charge", "lapsed_at")
    op.drop_column("charge", "lapse_on")
