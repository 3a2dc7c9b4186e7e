"""Which rich menu a phone shows: the city's default, or the one of the language its owner chose."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.messaging.models import LineAccount
from webapp.outbox.enqueue import enqueue
from webapp.outbox.models import OutboxMessage
from webapp.outbox.outcomes import Frozen, Outcome, Sending, Undeliverable
from webapp.ports.line import LinePort, LineRefused, LineUnavailable
from webapp.yaml_source import Lang

KIND: Final = "line_menu"
DEFAULT: Final[Lang] = "ja"


def alias_of(lang: Lang) -> str:
    """Return the name under which LINE knows the menu of a language."""
    return f"madoguchi-{lang}"


def change(session: Session, account: LineAccount, lang: Lang) -> None:
    """Write the wish to show this phone the menu of a language."""
    now = clock.now()
    enqueue(
        session,
        KIND,
        {"to": account.user_id, "menu": alias_of(lang)},
        lane="bulk",
        dedupe_key=f"menu:{account.id}:{now.isoformat()}",
        channel="line",
    )


def readers(session: Session, lang: Lang) -> Iterable[str]:
    """Return the LINE users who chose this language and can be reached."""
    query = select(LineAccount.user_id).where(LineAccount.lang == lang, LineAccount.reachable)
    return session.scalars(query.order_by(LineAccount.id))


class MenuHandler:
    """See Handler. Showing a menu twice is the same as once, so a repeat is harmless."""

    def __init__(self, line: LinePort | None) -> None:
        self._line = line

    def freeze(self, session: Session, message: OutboxMessage) -> Frozen | Undeliverable:
        """See Handler."""
        if self._line is None:
            return Undeliverable("line_off")
        return Frozen("line", json.dumps(message.payload).encode(), "menu@1")

    def send(self, sending: Sending) -> Outcome:
        """See Handler."""
        if self._line is None:
            return Outcome("rejected", "line_off")
        payload = json.loads(sending.body)
        try:
            self._line.show_menu([payload["to"]], payload["menu"])
        except LineRefused as error:
            return Outcome("rejected", f"menu {error}")
        except LineUnavailable as error:
            return Outcome("retry", str(error))
        return Outcome("accepted")

    def after(self, session: Session, message: OutboxMessage) -> None:
        """See Handler: a menu has no other channel."""
