"""What LINE's answers mean, and how fast we may go: tables and buckets, without a socket."""

from __future__ import annotations

import pytest

from integrations.line.answers import classify
from integrations.line.buckets import Bucket
from webapp.ports.delivery import Outcome

ID = {"x-line-request-id": "r1"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "outcome"),
    [
        (200, ID, "{}", Outcome("accepted", "200", "r1")),
        (202, {"X-Line-Request-Id": "r1"}, "", Outcome("accepted", "202", "r1")),
        (409, {"X-Line-Accepted-Request-Id": "r0"}, '{"message":"already"}', Outcome("accepted", "409", "r0")),
        (409, ID, '{"message":"conflict"}', Outcome("unknown", "409 without request id")),
        (429, {}, '{"message":"You have reached your monthly limit."}', Outcome("rejected", "quota")),
        (429, {}, '{"message":"The API rate limit has been exceeded."}', Outcome("throttled", "429 rate", retry_after=1.0)),
        (429, {}, '{"message":"The API concurrency limit"}', Outcome("throttled", "429 rate", retry_after=1.0)),
        (429, {}, "<html>", Outcome("throttled", "429 rate", retry_after=1.0)),
        (500, {}, "", Outcome("retry", "500")),
        (502, {}, "<html>bad gateway</html>", Outcome("retry", "502")),
        (401, {}, "{}", Outcome("paused", "401 token")),
        (404, {}, "{}", Outcome("unreachable", "404")),
        (400, {}, '{"message":"bad","details":[{"property":"to"}]}', Outcome("rejected", "400 bad to")),
        (413, {}, "[]", Outcome("rejected", "413 ")),
    ],
)  # fmt: skip
def test_each_answer_has_one_meaning(
    status: int, headers: dict[str, str], body: str, outcome: Outcome
) -> None:
    assert classify(status, headers, body) == outcome


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_lets_its_rate_pass_and_no_more() -> None:
    clock = Clock()
    bucket = Bucket(10.0, monotonic=clock)
    waits = [bucket.wait_s() for _ in range(21)]
    assert waits[20] == pytest.approx(2.0, abs=0.11)
    clock.now = 60.0
    assert bucket.wait_s() == 0


def test_a_429_halves_the_rate_once_a_burst_and_quiet_time_heals_it() -> None:
    clock = Clock()
    bucket = Bucket(100.0, monotonic=clock)
    clock.now = 5.0
    for _ in range(5):
        bucket.hurt()
    assert bucket.rate == 50.0
    clock.now = 7.0
    bucket.hurt()
    assert bucket.rate == 25.0
    for second in range(10):
        clock.now = 8.0 + 2 * second
        bucket.hurt()
    assert bucket.rate == 12.5  # never slower than an eighth
    clock.now = 60.0
    bucket.wait_s()
    assert bucket.rate == 100.0
