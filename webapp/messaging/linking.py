"""Link a LINE account to a resident, and undo it.

The resident signs in here and gets a nonce; LINE brings back (user id, nonce) in a signed event. The
link token makes LINE check that the phone that asked is the phone that links.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.db import new_token
from webapp.errors import InvalidInput, NotFound
from webapp.messaging import topics
from webapp.messaging.line_models import LinkNonce
from webapp.messaging.models import LineAccount
from webapp.messaging.topics import Owner

NONCE_LASTS: Final = timedelta(minutes=10)
NONCE_BYTES: Final = 24
"""192 bits; LINE wants at least 128, and 10 to 255 characters."""


def start(session: Session, resident_id: int) -> str:
    """Make a nonce for a signed-in resident; it works once, within ten minutes."""
    nonce = new_token(NONCE_BYTES)
    session.add(
        LinkNonce(nonce_hash=_hash(nonce), resident_id=resident_id, expires_at=clock.now() + NONCE_LASTS)
    )
    session.flush()
    return nonce


def complete(session: Session, user_id: str, nonce: str, at_ms: int) -> LineAccount:
    """Finish the link that LINE confirmed. Raises InvalidInput for an unknown, used or late nonce."""
    row = session.scalars(select(LinkNonce).where(LinkNonce.nonce_hash == _hash(nonce))).one_or_none()
    if row is None or row.used_at is not None or row.expires_at <= clock.now():
        raise InvalidInput("link nonce")
    row.used_at = clock.now()
    actor = Actor("resident", str(row.resident_id), "", channel="line")
    return _link(session, account_of(session, user_id, at_ms), row.resident_id, actor)


def logged_in(
    session: Session, user_id: str, resident_id: int, actor: Actor, *, reachable: bool
) -> LineAccount:
    """Link the account that LINE Login named; ``reachable`` is False until it follows the city."""
    account = account_of(session, user_id, 0)
    account.reachable = reachable
    return _link(session, account, resident_id, actor)


def account_of(session: Session, user_id: str, at_ms: int) -> LineAccount:
    """Return the account of a LINE user, made when it is new."""
    account = session.scalars(select(LineAccount).where(LineAccount.user_id == user_id)).one_or_none()
    if account is None:
        account = LineAccount(user_id=user_id, seen_event_ms=at_ms, state={})
        session.add(account)
        session.flush()
    return account


def linked(session: Session, resident_id: int) -> list[LineAccount]:
    """Return every LINE account of a resident; there may be several."""
    query = select(LineAccount).where(LineAccount.resident_id == resident_id).order_by(LineAccount.id)
    return list(session.scalars(query))


def unlink(session: Session, account_id: int, resident_id: int, actor: Actor) -> None:
    """Take a link away; the phone goes on hearing its topics. Raises NotFound for somebody else's account."""
    account = session.get(LineAccount, account_id)
    if account is None or account.resident_id != resident_id:
        raise NotFound(f"line account {account_id}")
    topics.copy(session, Owner(resident_id=resident_id), Owner(line_account_id=account.id))
    account.resident_id, account.linked_at = None, None
    audit.record(
        session, actor, "line.unlink", object_kind="line_account", object_id=str(account_id), details={}
    )


def _link(session: Session, account: LineAccount, resident_id: int, actor: Actor) -> LineAccount:
    topics.copy(session, topics.owner_of(account), Owner(resident_id=resident_id))
    topics.forget(session, Owner(line_account_id=account.id))
    account.resident_id, account.linked_at = resident_id, clock.now()
    audit.record(
        session, actor, "line.link", object_kind="line_account", object_id=str(account.id), details={}
    )
    return account


def _hash(nonce: str) -> str:
    return hashlib.sha256(nonce.encode()).hexdigest()
