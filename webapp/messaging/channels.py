"""Choose the channel on which a person is told."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.identity.models import Resident
from webapp.messaging.models import ContactWish, LineAccount
from webapp.messaging.tell import Recipient
from webapp.outbox.models import ChannelBreaker


@dataclass(frozen=True)
class Reach:
    """The channel, its addresses (several LINE accounts may belong to one resident)."""

    channel: str
    addresses: tuple[str, ...]


def choose(session: Session, recipient: Recipient, *, line_on: bool, fixed: str = "") -> Reach | None:
    """Return where to tell this person, or None when only telephone and post are left.

    LINE first when it is linked, reachable and on, unless the resident prefers mail; ``fixed`` names
    the one channel to use.
    """
    ways = {reach.channel: reach for reach in _ways(session, recipient, line_on)}
    if fixed:
        return ways.get(fixed)
    first = _wish(session, recipient)
    second = "mail" if first == "line" else "line"
    return ways.get(first) or ways.get(second)


def line_accounts(session: Session, resident_id: int) -> list[LineAccount]:
    """Return the reachable LINE accounts of a resident."""
    query = select(LineAccount).where(LineAccount.resident_id == resident_id, LineAccount.reachable)
    return list(session.scalars(query.order_by(LineAccount.id)))


def _ways(session: Session, recipient: Recipient, line_on: bool) -> list[Reach]:
    ways = []
    if line_on and not _paused(session, "line"):
        if recipient.line_user_id:
            if not _has_left(session, recipient.line_user_id):
                ways.append(Reach("line", (recipient.line_user_id,)))
        elif recipient.resident_id is not None:
            users = tuple(account.user_id for account in line_accounts(session, recipient.resident_id))
            if users:
                ways.append(Reach("line", users))
    if recipient.email and not _bounced(session, recipient):
        ways.append(Reach("mail", (recipient.email,)))
    return ways


def _has_left(session: Session, user_id: str) -> bool:
    query = select(LineAccount.reachable).where(LineAccount.user_id == user_id)
    return session.scalars(query).one_or_none() is False


def _wish(session: Session, recipient: Recipient) -> str:
    if recipient.resident_id is None:
        return "line"
    wish = session.get(ContactWish, recipient.resident_id)
    return "line" if wish is None else wish.channel


def _bounced(session: Session, recipient: Recipient) -> bool:
    """A bounce counts for the address it happened to: a corrected address is tried again."""
    if recipient.resident_id is None:
        return False
    resident = session.get(Resident, recipient.resident_id)
    return (
        resident is not None
        and resident.email_bounced_at is not None
        and resident.profile.get("email") == recipient.email
    )


def _paused(session: Session, channel: str) -> bool:
    breaker = session.get(ChannelBreaker, channel)
    return breaker is not None and (breaker.until is None or breaker.until > clock.now())
