"""Questions without an answer, for the people who write the answers."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.chat.models import OpenQuestion
from webapp.errors import NotFound


def unanswered(session: Session, limit: int = 100) -> list[OpenQuestion]:
    """Return open questions, newest first."""
    query = select(OpenQuestion).where(OpenQuestion.closed_at.is_(None)).order_by(OpenQuestion.id.desc())
    return list(session.scalars(query.limit(limit)))


def close(session: Session, question_id: int) -> None:
    """Put a question away once the city's data answer it. Raises NotFound."""
    row = session.get(OpenQuestion, question_id)
    if row is None:
        raise NotFound(f"question {question_id}")
    row.closed_at = clock.now()
