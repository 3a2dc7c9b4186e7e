"""Reasons that people typed about a booking are sealed: some say why somebody is ill, or poor."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking", sa.Column("reasons", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("booking", "reasons")
