"""What an attempt to tell the outside can end in, and what a handler is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from webapp.outbox.models import OutboxMessage
from webapp.ports.delivery import Outcome

__all__ = ["Frozen", "Handler", "Handlers", "Outcome", "Sending", "SettleHook", "Undeliverable"]


@dataclass(frozen=True)
class Frozen:
    """Bytes as every attempt will send them, the channel, and the template (``id@version``)."""

    channel: str
    body: bytes
    template: str = ""
    recipients: int = 1


@dataclass(frozen=True)
class Undeliverable:
    """There is no channel on which this can be said."""

    detail: str


@dataclass(frozen=True)
class Sending:
    """What a handler gets for one attempt; no database row, no session."""

    id: int
    kind: str
    channel: str
    retry_key: str
    body: bytes
    attempt: int
    not_after: datetime
    created_at: datetime
    template: str = ""
    detail: str = ""
    """How the attempt before this one ended; empty when nobody wrote it down."""


class Handler(Protocol):
    """Knows how to say one kind of outbox message."""

    def freeze(self, session: Session, message: OutboxMessage) -> Frozen | Undeliverable:
        """Render the payload to bytes; called once, inside a transaction, before the first attempt."""

    def send(self, sending: Sending) -> Outcome:
        """Make one attempt; no transaction is open. Must not raise for what the counterpart does."""

    def after(self, session: Session, message: OutboxMessage) -> None:
        """React to a settled message (fallback channel, bounced address), inside the settling transaction."""


Handlers = Mapping[str, Handler]
SettleHook = Callable[[Session, OutboxMessage], None]
