"""The keyed hash behind lookup passwords and search grams."""

from __future__ import annotations

import hmac
import secrets
from weakref import WeakKeyDictionary

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.orm import Session

from webapp.casework.models import CaseKey
from webapp.db import is_postgres

_MEMO = "casework_key"
_READ: WeakKeyDictionary[object, bytes] = WeakKeyDictionary()
"""By engine. Only what was read: a key just made may yet be rolled back."""
_QUERY = select(CaseKey.key).where(CaseKey.id == 1)


def existing_key(session: Session) -> bytes | None:
    """Return the key, or None before the first case was ever opened. Never writes."""
    known: bytes | None = session.info.get(_MEMO) or _READ.get(session.get_bind())
    if known is None:
        known = session.scalar(_QUERY)
        if known is not None:
            _READ[session.get_bind()] = known
    return known


def key(session: Session) -> bytes:
    """Return the key, creating it with the first case."""
    known = existing_key(session)
    if known is not None:
        return known
    row = {"id": 1, "key": secrets.token_bytes(32)}
    if is_postgres(session):
        session.execute(postgres_insert(CaseKey).values(row).on_conflict_do_nothing())
    else:
        session.execute(insert(CaseKey).values(row))
    created: bytes = session.scalars(_QUERY).one()
    session.info[_MEMO] = created
    return created


def digest(secret: bytes, purpose: str, text: str) -> bytes:
    """HMAC-SHA256 of ``text`` for one purpose; different purposes never match."""
    return hmac.digest(secret, f"{purpose}\0{text}".encode(), "sha256")
