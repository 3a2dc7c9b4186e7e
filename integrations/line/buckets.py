"""Token buckets below LINE's published rates; a 429 halves a bucket, quiet time heals it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

RATES: Final = {"push": 1800.0, "multicast": 190.0, "default": 1800.0}
"""Requests per second and channel; LINE allows 2,000, and 200 for multicast."""
HEALS_AFTER_S: Final = 30.0


class Bucket:
    """Lets ``rate`` requests per second pass, without bursts beyond a tenth of a second's worth."""

    def __init__(self, rate: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._full_rate = rate
        self._rate = rate
        self._monotonic = monotonic
        self._next = monotonic()
        self._hurt_at: float | None = None
        self._lock = threading.Lock()

    def wait_s(self) -> float:
        """Take one token; return how long to sleep before using it."""
        with self._lock:
            now = self._monotonic()
            if self._hurt_at is not None and now - self._hurt_at > HEALS_AFTER_S:
                self._rate, self._hurt_at = self._full_rate, None
            self._next = max(self._next, now - 0.1) + 1.0 / self._rate
            return max(0.0, self._next - now)

    def hurt(self) -> None:
        """LINE said 429: go at half speed for a while."""
        with self._lock:
            now = self._monotonic()
            if self._hurt_at is None or now - self._hurt_at > 1.0:  # one burst of 429 hurts once
                self._rate = max(self._full_rate / 8, self._rate / 2)
                self._hurt_at = now

    @property
    def rate(self) -> float:
        return self._rate


class Buckets:
    """One bucket for each kind of request; ``share`` is this process's part of the channel's rate."""

    def __init__(self, share: float = 1.0) -> None:
        self._buckets = {name: Bucket(rate * share) for name, rate in RATES.items()}

    def take(self, name: str) -> None:
        """Wait for a turn."""
        wait = self._of(name).wait_s()
        if wait > 0:
            time.sleep(wait)

    def hurt(self, name: str) -> None:
        self._of(name).hurt()

    def _of(self, name: str) -> Bucket:
        return self._buckets.get(name) or self._buckets["default"]
