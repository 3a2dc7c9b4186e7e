"""Finding what was written to the outbox."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.outbox.models import OutboxMessage


def wish(session: Session, dedupe_key: str) -> OutboxMessage:
    """The row that was written under this key."""
    return session.scalars(select(OutboxMessage).where(OutboxMessage.dedupe_key == dedupe_key)).one()
