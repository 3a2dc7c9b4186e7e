"""Small periodic work of the outbox and messaging."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, or_

from webapp import clock
from webapp.intake import scanning
from webapp.messaging import tell, templates, unread
from webapp.messaging.deliver import TellHandler
from webapp.messaging.line_models import LineDelivery, LineEvent
from webapp.messaging.models import OneTimeLink
from webapp.outbox import relay

if TYPE_CHECKING:
    from webapp.wiring import Services


def expire_messages(services: Services) -> str:
    """Mark messages that nobody needs any more."""
    with services.database.transaction() as session:
        return f"{relay.expire(session, services.outbox_handlers)} expired"


def forget_talk(services: Services) -> str:
    """Delete raw webhook bodies after a day (unreadable ones after a month) and old events."""
    now = clock.now()
    with services.database.transaction() as session:
        day, month = now - timedelta(days=1), now - timedelta(days=30)
        readable = and_(LineDelivery.error == "", LineDelivery.received_at < day)
        session.execute(delete(LineDelivery).where(or_(readable, LineDelivery.received_at < month)))
        done = session.execute(
            delete(LineEvent).where(LineEvent.processed_at.is_not(None), LineEvent.received_at < month)
        )
        return f"{getattr(done, 'rowcount', 0)} events deleted"


def forget_links(services: Services) -> str:
    """Delete one-time links that have been over for a month."""
    limit = clock.now() - timedelta(days=30)
    with services.database.transaction() as session:
        done = session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at < limit))
        return f"{getattr(done, 'rowcount', 0)} deleted"


def scan_files(services: Services) -> str:
    """Scan the uploads that came while the scanner did not answer; staff cannot open them before."""
    done = scanning.scan_waiting(services.database.transaction, services.scanner, services.storage)
    return f"{done} files scanned"


def mail_unread(services: Services) -> str:
    """Say by mail what must reach people and was not opened on LINE."""
    handler = services.outbox_handlers[tell.KIND]
    assert isinstance(handler, TellHandler)
    with services.database.transaction() as session:
        return f"{unread.mail_what_nobody_opened(session, handler, templates.load())} mailed"
