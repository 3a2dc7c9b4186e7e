"""What must reach people and was not opened on LINE is said once more, by mail.

LINE tells nobody whether a message was read. The link inside it is one-time and ours, so its opening is
the only sign there is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from webapp import clock
from webapp.messaging import tell
from webapp.messaging.deliver import TellHandler
from webapp.messaging.models import OneTimeLink
from webapp.messaging.templates import Library
from webapp.outbox.models import OutboxMessage

LONGEST_WAIT: Final = timedelta(hours=24)
LOOKS_BACK: Final = timedelta(days=5)


def mail_what_nobody_opened(session: Session, handler: TellHandler, library: Library) -> int:
    """Write the mails; returns how many. Waits a day, or half of the time the message is worth something."""
    now = clock.now()
    must = [template.name for template in library.templates.values() if template.must_reach]
    fallback, link = aliased(OutboxMessage), aliased(OneTimeLink)
    query = (
        select(OutboxMessage)
        .where(
            OutboxMessage.kind == tell.KIND,
            OutboxMessage.channel == "line",
            OutboxMessage.status == "accepted",
            OutboxMessage.template.in_(must),
            OutboxMessage.fallback_of.is_(None),
            OutboxMessage.settled_at > now - LOOKS_BACK,
            ~exists().where(fallback.fallback_of == OutboxMessage.id),
            ~exists().where(link.message_id == OutboxMessage.id, link.opened_at.is_not(None)),
        )
        .order_by(OutboxMessage.id)
    )
    waited = [row for row in session.scalars(query) if now >= _patience_ends(row)]
    return sum(handler.fall_back(session, row) for row in waited)


def _patience_ends(row: OutboxMessage) -> datetime:
    said = row.settled_at or row.created_at
    return said + min(LONGEST_WAIT, (row.not_after - row.created_at) / 2)
