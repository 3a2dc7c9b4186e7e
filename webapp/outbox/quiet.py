"""Quiet hours: when residents are not disturbed by what can wait until the morning.

Emergencies go out at any hour, and so does what somebody has just caused and waits for (transactional).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time
from typing import Final

from webapp import clock

FROM: Final = time(21, 0)
TO: Final = time(7, 0)
CAN_WAIT: Final = frozenset({"reminder", "bulk"})


def is_quiet(at: datetime) -> bool:
    """Tell whether ``at`` lies between 21:00 and 7:00 (Asia/Tokyo)."""
    local = clock.tokyo(at).time()
    return local >= FROM or local < TO


def awake(lanes: Collection[str], at: datetime) -> list[str]:
    """Return those of ``lanes`` that may speak at this moment."""
    return [lane for lane in lanes if lane not in CAN_WAIT or not is_quiet(at)]
