"""Let a mandate say whether the grantor's profile may fill in forms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    shares = sa.Column("shares_profile", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("mandate", shares)


def downgrade() -> None:
    op.drop_column("mandate", "shares_profile")
