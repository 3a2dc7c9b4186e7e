"""How one attempt to hand a message over ended; shared by every port that delivers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Result = Literal["accepted", "retry", "throttled", "rejected", "unreachable", "unsure", "unknown", "paused"]


@dataclass(frozen=True)
class Outcome:
    """The end of one attempt.

    accepted: taken over once and for all. retry: may be repeated with the same key and bytes.
    throttled: rate limit, not counted as an attempt. rejected: will never be taken.
    unreachable: this person cannot be reached on this channel. unsure: may have been taken, the
    counterpart has no retry key. unknown: staff must look. paused: the whole channel is down.
    ``retry_after`` is in seconds.
    """

    result: Result
    detail: str = ""
    provider_ref: str = ""
    retry_after: float | None = None
