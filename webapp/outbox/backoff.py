"""How long to wait before the next attempt."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

FIRST_S: Final = 1.0
LONGEST_S: Final = 300.0
RETRY_HORIZON: Final = timedelta(hours=23)
"""LINE honours a retry key for 24 h from the first attempt; the last retry leaves an hour of room."""


def wait_s(attempt: int, *, urgent: bool = False, rng: random.Random | None = None) -> float:
    """Seconds to wait after the n-th attempt (from 1): full jitter, 1 s doubling to 5 min (urgent: 15 s)."""
    ceiling = min(15.0 if urgent else LONGEST_S, FIRST_S * 2 ** min(attempt - 1, 20))
    return (rng or random).uniform(0.1, ceiling)
