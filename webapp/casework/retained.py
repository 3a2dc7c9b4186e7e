"""The record of retention runs."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.casework.models import RetentionRun


def runs(session: Session, *, most: int = 50) -> list[RetentionRun]:
    """Return the runs, newest first, dry runs among them."""
    return list(session.scalars(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(most)))
