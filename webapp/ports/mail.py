"""Socket for mail."""

from __future__ import annotations

from typing import Protocol

from webapp.ports.delivery import Outcome


class MailPort(Protocol):
    """Hands finished mails to a server."""

    def send(self, to: str, raw: bytes) -> Outcome:
        """Send one finished mail (RFC 5322 bytes, Message-ID included) to one address.

        SMTP has no retry key: when the connection is lost after the data was sent the outcome is
        ``unsure``. A refused address is ``unreachable``, a refused mail ``rejected``, 4xx ``retry``.
        Never raises for what the server does.
        """
