"""The outbox handler of answers in the chat: a free reply while its token is young, else a push."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from webapp import clock
from webapp.messaging.line_message import push_request
from webapp.outbox.enqueue import enqueue
from webapp.outbox.models import OutboxMessage
from webapp.outbox.outcomes import Frozen, Outcome, Sending, Undeliverable
from webapp.ports.line import LinePort, LineRefused, LineUnavailable

KIND: Final = "line_reply"
TOKEN_LASTS: Final = timedelta(seconds=50)
LINK_TOKEN: Final = "{link_token}"  # noqa: S105 - a mark in the text
GOES_STALE: Final = timedelta(minutes=10)


def answer(
    session: Session,
    *,
    event_id: str,
    user_id: str,
    reply_token: str,
    messages: list[dict[str, Any]],
    needs_link_token: bool = False,
) -> OutboxMessage:
    """Write the answer to one event; the same event again answers once."""
    return enqueue(
        session,
        KIND,
        {"to": user_id, "token": reply_token, "messages": messages, "link": needs_link_token},
        lane="transactional",
        dedupe_key=f"reply:{event_id}",
        not_after=clock.now() + GOES_STALE,
        channel="line",
    )


class ReplyHandler:
    """See Handler."""

    def __init__(self, line: LinePort | None) -> None:
        self._line = line

    def freeze(self, session: Session, message: OutboxMessage) -> Frozen | Undeliverable:
        """See Handler."""
        if self._line is None:
            return Undeliverable("line_off")
        return Frozen("line", json.dumps(message.payload, ensure_ascii=False).encode(), "chat@1")

    def send(self, sending: Sending) -> Outcome:
        """See Handler. An answer that holds a link token is only replied: a repeat would be another body."""
        if self._line is None:
            return Outcome("rejected", "line_off")
        payload = json.loads(sending.body)
        messages = payload["messages"]
        if payload["link"]:
            try:
                messages = _with_token(messages, self._line.link_token(payload["to"]))
            except LineUnavailable as error:
                return (
                    Outcome("retry", str(error)) if sending.attempt < 3 else Outcome("rejected", "link token")
                )
            except LineRefused as error:
                return Outcome("rejected", str(error))
        young = clock.now() - sending.created_at < TOKEN_LASTS
        if payload["token"] and sending.attempt == 1 and young:
            outcome = self._line.reply(payload["token"], messages)
            if outcome.result == "accepted" or payload["link"]:
                return outcome
            if outcome.result == "throttled":
                return outcome
        if payload["link"]:
            return Outcome("rejected", "stale link token")
        return self._line.push(push_request(payload["to"], messages), sending.retry_key)

    def after(self, session: Session, message: OutboxMessage) -> None:
        """See Handler: a chat answer has no other channel."""


def _with_token(messages: list[dict[str, Any]], token: str) -> list[dict[str, Any]]:
    filled: list[dict[str, Any]] = json.loads(json.dumps(messages).replace(LINK_TOKEN, token))
    return filled
