"""Opaque links for LINE messages. They lead to a page; they prove nothing about who opens it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp import clock
from webapp.db import new_token
from webapp.errors import NotFound
from webapp.messaging.models import OneTimeLink

LASTS = timedelta(days=14)
ONCE = frozenset({"report"})
"""Names of links that work once; the others open again until they are over."""


def make(
    session: Session,
    name: str,
    args: Mapping[str, str],
    *,
    resident_id: int | None = None,
    message_id: int | None = None,
    lasts: timedelta = LASTS,
    token: str = "",
) -> str:
    """Store where the link leads and return its token; only a hash of it is kept.

    ``token`` is given for short codes that people type.
    """
    token = token or new_token(18)
    session.add(
        OneTimeLink(
            token_hash=_hash(token), name=name, args=dict(args), resident_id=resident_id,
            message_id=message_id, created_at=clock.now(), expires_at=clock.now() + lasts,
        )
    )  # fmt: skip
    session.flush()
    return token


def find(session: Session, token: str) -> OneTimeLink:
    """Return the link of a token. Raises NotFound when it never was, or is over."""
    link = session.scalars(select(OneTimeLink).where(OneTimeLink.token_hash == _hash(token))).one_or_none()
    if link is None or link.expires_at <= clock.now():
        raise NotFound("one-time link", say="このリンクは使えません。「わたしの手続き」を開いてください。")
    return link


def opened(session: Session, link: OneTimeLink) -> None:
    """Note that somebody looked: the message that carried the link was read."""
    unread = update(OneTimeLink).where(OneTimeLink.id == link.id, OneTimeLink.opened_at.is_(None))
    session.execute(unread.values(opened_at=clock.now()))


def use(session: Session, token: str) -> OneTimeLink:
    """Take a link that works once (starting a report from the chat). Raises NotFound the second time."""
    link = find(session, token)
    unused = update(OneTimeLink).where(OneTimeLink.id == link.id, OneTimeLink.used_at.is_(None))
    taken = session.execute(unused.values(used_at=clock.now()).returning(OneTimeLink.id)).first()
    if taken is None:
        raise NotFound(
            "one-time link", say="このリンクは使い終わっています。もう一度トークから始めてください。"
        )
    return link


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
