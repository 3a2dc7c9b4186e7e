"""Questions without an answer, for the people who write the answers."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.chat.models import OpenQuestion
from webapp.errors import NotFound

MOST_WAITING: Final = 1000


def collect(session: Session, words: str, *, channel: str, lang: str) -> None:
    """Keep a question that had no answer, unless so many wait already that nobody could read more."""
    waiting = session.scalar(
        select(func.count()).select_from(OpenQuestion).where(OpenQuestion.closed_at.is_(None))
    )
    if words.strip() and (waiting or 0) < MOST_WAITING:
        session.add(OpenQuestion(words=words.strip()[:500], channel=channel, lang=lang, asked_at=clock.now()))


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
