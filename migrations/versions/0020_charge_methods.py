"""The ways to pay that the rule of a hall allows stand on the charge; null for all of the city's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("charge", sa.Column("methods", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("charge", "methods")
