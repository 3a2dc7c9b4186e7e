"""Waiting times between attempts."""

from __future__ import annotations

import random

from webapp.outbox.backoff import wait_s


def test_the_wait_grows_to_five_minutes_and_is_spread() -> None:
    rng = random.Random(1)
    late = [wait_s(12, rng=rng) for _ in range(200)]
    assert max(late) <= 300
    assert max(late) - min(late) > 200
    assert all(wait_s(1, rng=rng) <= 1 for _ in range(50))


def test_an_emergency_never_waits_longer_than_fifteen_seconds() -> None:
    assert max(wait_s(30, urgent=True) for _ in range(200)) <= 15
