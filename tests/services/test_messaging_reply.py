"""Answers in the chat: a token works once, so an answer that may have arrived is never said twice."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from webapp import clock
from webapp.messaging.line_reply import LINK_TOKEN, ReplyHandler
from webapp.outbox.outcomes import Sending
from webapp.ports.delivery import Outcome
from webapp.ports.line import LineUnavailable

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


class Line:
    """A LINE that answers as told and notes what it took over."""

    def __init__(self, *, replies: list[str], pushes: list[str] | None = None, tokens: int = 9) -> None:
        self.replies, self.pushes, self.tokens = replies, pushes or [], tokens
        self.arrived: list[str] = []
        self.keys: list[str] = []
        self.spent = False

    def reply(self, token: str, messages: list[dict[str, Any]]) -> Outcome:
        fate = self.replies.pop(0)
        if self.spent:
            return Outcome("rejected", "400 Invalid reply token")
        if fate in ("ok", "500 after"):
            self.spent = True
            self.arrived.append("reply")
        return Outcome("accepted") if fate == "ok" else Outcome("retry", fate)

    def push(self, request: bytes, retry_key: str) -> Outcome:
        self.keys.append(retry_key)
        fate = self.pushes.pop(0)
        if fate == "ok":
            self.arrived.append("push")
        return Outcome("accepted") if fate == "ok" else Outcome("retry", fate)

    def link_token(self, user_id: str) -> str:
        self.tokens -= 1
        if self.tokens < 8:
            return "token"
        raise LineUnavailable("500")


def say(line: Line, *, link: bool = False, waits: float = 1.0, most: int = 6) -> list[Outcome]:
    """Attempt until it is settled, as the relay does; returns every outcome."""
    messages = [{"type": "text", "text": LINK_TOKEN if link else "はい"}]
    body = json.dumps({"to": "U1", "token": "t", "messages": messages, "link": link}).encode()
    sending = Sending(1, "line_reply", "line", "key", body, 1, NOW + timedelta(minutes=10), NOW, "chat@1")
    outcomes: list[Outcome] = []
    handler = ReplyHandler(line)  # type: ignore[arg-type]  # the part of LINE that answers need
    for attempt in range(1, most):
        detail = outcomes[-1].detail if outcomes else ""
        with clock.frozen(NOW + timedelta(seconds=waits * (attempt - 1))):
            outcomes.append(handler.send(replace(sending, attempt=attempt, detail=detail)))
        if outcomes[-1].result != "retry":
            return outcomes
    raise AssertionError(outcomes)


@pytest.mark.parametrize(
    ("replies", "arrived", "result"),
    [
        (["ok"], ["reply"], "accepted"),
        (["500 after", "ok"], ["reply"], "accepted"),
        (["500 before", "ok"], ["reply"], "accepted"),
        (["500 before", "500 after", "ok"], ["reply"], "accepted"),
    ],
)
def test_an_answer_arrives_once_however_line_fails(
    replies: list[str], arrived: list[str], result: str
) -> None:
    line = Line(replies=replies)
    assert say(line)[-1].result == result
    assert line.arrived == arrived
    assert line.keys == []


def test_an_answer_that_may_have_arrived_is_not_pushed_when_its_token_is_over() -> None:
    line = Line(replies=["500 after"])
    assert [outcome.result for outcome in say(line, waits=60)] == ["retry", "unknown"]
    assert line.arrived == ["reply"]


def test_a_spent_token_leads_to_a_push_that_keeps_its_key() -> None:
    line = Line(replies=["ok"], pushes=["500", "ok"])
    line.spent = True
    assert say(line)[-1].result == "accepted"
    assert line.arrived == ["push"]
    assert line.keys == ["key", "key"]


def test_a_missing_link_token_is_asked_for_again_and_then_replied() -> None:
    line = Line(replies=["ok"])
    assert [outcome.result for outcome in say(line, link=True)] == ["retry", "accepted"]
    assert line.arrived == ["reply"]
