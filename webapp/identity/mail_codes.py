"""Signing in by a code sent to a mail address: enough for procedures that need an account only.

The answer is the same whether the address is known or not; nobody learns who has an account.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from webapp import clock
from webapp.errors import InvalidInput
from webapp.identity import residents, throttle
from webapp.identity.models import Resident
from webapp.identity.profile import is_mail_address
from webapp.identity.proof_models import MailTicket
from webapp.identity.sessions import digest
from webapp.ports.identity import Assertion, Level

ISSUER = "mail"
LIFE = timedelta(minutes=30)
TRIES = 5


def count_request(session: Session, address: str, place: str) -> None:
    """Count a request before the mail is sent; raises TooMany."""
    throttle.count(session, "mail_link.here", place)
    throttle.count(session, "mail_link.address", normal(address))


def ask(session: Session, address: str, resume: Mapping[str, Any]) -> tuple[MailTicket, str]:
    """Keep a ticket and return it with the code to send; raises InvalidInput for what is no address."""
    if not is_mail_address(address):
        raise InvalidInput(
            "address", field="address", say="メールアドレスの形を確かめて、もう一度入力してください。"
        )
    code, now = f"{secrets.randbelow(1_000_000):06}", clock.now()
    ticket = MailTicket(
        code_hash="", address=address, resume=dict(resume), created_at=now, expires_at=now + LIFE
    )
    session.add(ticket)
    session.flush()
    ticket.code_hash = _hash(ticket.id, code)
    return ticket, code


def take(session: Session, ticket_id: int | None, code: str) -> tuple[Resident, MailTicket] | None:
    """Return the resident and the ticket when the code fits; None counts as a try."""
    now = clock.now()
    tried = update(MailTicket).where(
        MailTicket.id == ticket_id,
        MailTicket.used_at.is_(None),
        MailTicket.expires_at > now,
        MailTicket.tries < TRIES,
    )
    if not session.execute(tried.values(tries=MailTicket.tries + 1).returning(MailTicket.id)).all():
        return None
    ticket = session.get_one(MailTicket, ticket_id)
    plain = "".join(code.split())
    if not secrets.compare_digest(ticket.code_hash, _hash(ticket.id, plain)):
        return None
    ticket.used_at = now
    assertion = Assertion(
        provider="mail",
        issuer=ISSUER,
        subject=normal(ticket.address),
        level=Level.ACCOUNT,
        authenticated_at=now,
        email=ticket.address,
    )
    return residents.sign_in(session, assertion), ticket


def purge(session: Session) -> int:
    """Delete tickets that ended a day ago; for the clockwork."""
    old = delete(MailTicket).where(MailTicket.expires_at < clock.now() - timedelta(days=1))
    return len(session.execute(old.returning(MailTicket.id)).all())


def normal(address: str) -> str:
    """Return the address as it identifies a person: in lower case."""
    return address.strip().lower()


def _hash(ticket_id: int, code: str) -> str:
    return digest(f"mail:{ticket_id}:{code}")
