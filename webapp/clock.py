"""The only clock of the house.

Instants are aware and in UTC, days are dates in Asia/Tokyo. In the sample city and in tests a file
(``MADOGUCHI_CLOCK_FILE``, holding seconds of shift) moves the clock of every process at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    at = _frozen.get()
    if at is not None:
        return at
    return datetime.now(UTC) + _shift()


def today() -> date:
    """Return today's date in Asia/Tokyo."""
    return now().astimezone(TOKYO).date()


def tokyo(instant: datetime) -> datetime:
    """Return the same instant on the wall clock of Asia/Tokyo."""
    return instant.astimezone(TOKYO)


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Hold the clock of this context at ``at`` (aware; a naive value is taken as Asia/Tokyo)."""
    if at.tzinfo is None:
        at = at.replace(tzinfo=TOKYO)
    token = _frozen.set(at.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)


def _shift() -> timedelta:
    path = os.environ.get("MADOGUCHI_CLOCK_FILE")
    if not path:
        return timedelta(0)
    try:
        return timedelta(seconds=float(Path(path).read_text().strip() or 0))
    except (OSError, ValueError):
        return timedelta(0)
