"""Forgetting what was said about a case that is erased; that it was said, and how it ended, stays."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp import clock
from webapp.outbox.models import OPEN, OutboxMessage


def forget_case(session: Session, case_id: int) -> int:
    """Empty wish and bytes of every message about a case, and cancel what was not sent; returns how many."""
    mine = OutboxMessage.case_id == case_id
    session.execute(
        update(OutboxMessage)
        .where(mine, OutboxMessage.status.in_(OPEN))
        .values(status="cancelled", settled_at=clock.now(), lease_owner=None, lease_until=None)
    )
    done = session.execute(
        update(OutboxMessage)
        .where(mine)
        .values(payload={}, frozen=None, detail="", provider_ref="", resident_id=None)
    )
    return int(getattr(done, "rowcount", 0))
