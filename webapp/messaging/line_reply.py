"""The outbox handler of answers in the chat: a free reply while its token is young, else a push.

A reply has no retry key, but its token works once. So an attempt that may have arrived is repeated with
the same token: LINE takes it, or says that the token is used up, and then the first one had arrived.
Nothing is pushed that may have been replied; a push is repeated with its own key like any other.
"""

from __future__ import annotations

import json
from dataclasses import replace
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
PUSHED: Final = "push"
"""How the detail of an attempt begins that was a push: from then on it stays one."""
SPENT: Final = "400"
NO_LINK_TOKEN: Final = "no link token"  # noqa: S105 - the detail of an attempt


def answer(
    session: Session,
    *,
    event_id: str,
    user_id: str,
    reply_token: str,
    messages: list[dict[str, Any]],
    needs_link_token: bool = False,
) -> None:
    """Write the answer to one event; the same event again answers once."""
    enqueue(
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
                again = Outcome("retry", f"{NO_LINK_TOKEN} {error}")
                return again if sending.attempt < 3 else Outcome("rejected", NO_LINK_TOKEN)
            except LineRefused as error:
                return Outcome("rejected", str(error))
        if payload["token"] and not sending.detail.startswith(PUSHED):
            replied = self._reply(self._line, sending, payload["token"], messages)
            if replied is not None:
                return replied
        if payload["link"]:
            return Outcome("rejected", "stale link token")
        pushed = self._line.push(push_request(payload["to"], messages), sending.retry_key)
        return replace(pushed, detail=f"{PUSHED} {pushed.detail}")

    @staticmethod
    def _reply(
        line: LinePort, sending: Sending, token: str, messages: list[dict[str, Any]]
    ) -> Outcome | None:
        """Try the token; None when it is certain that nothing arrived and a push may follow."""
        may_have_arrived = sending.attempt > 1 and not sending.detail.startswith(NO_LINK_TOKEN)
        if clock.now() - sending.created_at >= TOKEN_LASTS:
            return Outcome("unknown", "reply, token over") if may_have_arrived else None
        outcome = line.reply(token, messages)
        if outcome.result != "rejected":
            return outcome
        if may_have_arrived and outcome.detail.startswith(SPENT):
            return Outcome("accepted", "reply arrived earlier")
        return None

    def after(self, session: Session, message: OutboxMessage) -> None:
        """See Handler: a chat answer has no other channel."""


def _with_token(messages: list[dict[str, Any]], token: str) -> list[dict[str, Any]]:
    filled: list[dict[str, Any]] = json.loads(json.dumps(messages).replace(LINK_TOKEN, token))
    return filled
