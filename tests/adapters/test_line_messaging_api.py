"""The LINE plug over real HTTP against the stateful fake."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest

from integrations.line.messaging_api import Channel, MessagingApiLine
from tests.fakes import line_shapes
from tests.fakes.line_server import State, running
from webapp.ports.line import LineRefused, LineUnavailable

HELLO = [{"type": "text", "text": "hello"}]


@pytest.fixture
def fake() -> Iterator[tuple[str, State]]:
    with running(State(validate=line_shapes.complaints)) as started:
        yield started


@pytest.fixture
def line(fake: tuple[str, State]) -> MessagingApiLine:
    url, state = fake
    return MessagingApiLine(Channel(state.token, url, url, connect_s=1.0, read_s=0.5))


def push(line: MessagingApiLine, key: str | None = None, user: str = "U1") -> str:
    body = json.dumps({"to": user, "messages": HELLO}).encode()
    outcome = line.push(body, key or str(uuid.uuid4()))
    return f"{outcome.result} {outcome.detail}".strip()


def test_a_push_is_accepted_with_lines_request_id(line: MessagingApiLine, fake: tuple[str, State]) -> None:
    outcome = line.push(json.dumps({"to": "U1", "messages": HELLO}).encode(), str(uuid.uuid4()))
    assert outcome.result == "accepted"
    assert uuid.UUID(outcome.provider_ref)
    assert fake[1].received == {"U1|hello": 1}


def test_the_same_key_again_is_409_and_counts_as_accepted(
    line: MessagingApiLine, fake: tuple[str, State]
) -> None:
    key = str(uuid.uuid4())
    assert push(line, key) == "accepted 200"
    assert push(line, key) == "accepted 409"
    assert fake[1].received == {"U1|hello": 1}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("500-before", "retry 500"),
        ("500-after", "retry 500"),
        ("html-500", "retry 502"),
        ("429-rate", "throttled 429 rate"),
        ("429-concurrent", "throttled 429 rate"),
        ("slow", "retry ReadTimeoutError"),
        ("reset-before", "retry ProtocolError"),
        ("drop-after", "retry ProtocolError"),
    ],
)
def test_each_fault_has_its_meaning(
    line: MessagingApiLine, fake: tuple[str, State], fault: str, expected: str
) -> None:
    fake[1].answers = [fault]
    assert push(line) == expected


@pytest.mark.parametrize("fault", ["500-after", "drop-after"])
def test_an_answer_lost_after_acceptance_is_one_message_after_the_retry(
    line: MessagingApiLine, fake: tuple[str, State], fault: str
) -> None:
    key = str(uuid.uuid4())
    fake[1].answers = [fault]
    assert push(line, key).startswith("retry")
    assert push(line, key) == "accepted 409"
    assert fake[1].received == {"U1|hello": 1}


def test_the_monthly_quota_is_told_apart_from_the_rate(
    line: MessagingApiLine, fake: tuple[str, State]
) -> None:
    fake[1].quota = 1
    assert push(line) == "accepted 200"
    assert push(line) == "rejected quota"


def test_the_log_names_the_call_and_never_the_words_or_the_token(
    line: MessagingApiLine, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        outcome = line.push(json.dumps({"to": "U1", "messages": HELLO}).encode(), str(uuid.uuid4()))
    assert "line push accepted 200" in caplog.text
    assert outcome.provider_ref[:8] in caplog.text
    for secret in ("hello", "test-token", "Bearer"):
        assert secret not in caplog.text


def test_a_wrong_token_pauses_the_channel(fake: tuple[str, State]) -> None:
    url, _ = fake
    outcome = MessagingApiLine(Channel("wrong", url)).push(
        json.dumps({"to": "U1", "messages": HELLO}).encode(), str(uuid.uuid4())
    )
    assert outcome.result == "paused"


def test_nobody_listening_is_a_retry() -> None:
    line = MessagingApiLine(Channel("t", "http://127.0.0.1:9", connect_s=0.5))
    assert push(line).startswith("retry")


def test_a_bad_body_is_refused_for_good_with_the_property(line: MessagingApiLine) -> None:
    outcome = line.push(json.dumps({"to": "U1", "messages": []}).encode(), str(uuid.uuid4()))
    assert outcome.result == "rejected"
    assert "messages" in outcome.detail


def test_a_blocked_user_is_accepted_by_line_and_receives_nothing(
    line: MessagingApiLine, fake: tuple[str, State]
) -> None:
    fake[1].blocked.add("U1")
    assert push(line) == "accepted 200"
    assert not fake[1].received
    assert line.is_friend("U1") is False


def test_a_reply_carries_no_retry_key(line: MessagingApiLine) -> None:
    assert line.reply("token", HELLO).result == "accepted"


def test_the_quota_is_read(line: MessagingApiLine, fake: tuple[str, State]) -> None:
    assert line.quota().left is None
    fake[1].quota, fake[1].used = 100, 30
    assert line.quota().left == 70


def test_questions_raise_what_a_caller_can_act_on(fake: tuple[str, State]) -> None:
    url, _ = fake
    with pytest.raises(LineRefused):
        MessagingApiLine(Channel("wrong", url)).quota()
    with pytest.raises(LineUnavailable):
        MessagingApiLine(Channel("t", "http://127.0.0.1:9", connect_s=0.5)).quota()


def test_content_and_link_tokens_are_fetched(line: MessagingApiLine) -> None:
    assert line.content("1").type == "image/jpeg"
    assert line.link_token("U1")
