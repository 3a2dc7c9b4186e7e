"""huey: the clock that starts periodic jobs and wakes the relay. It holds no truth, only nudges."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from huey import MemoryHuey, PostgresHuey, RedisHuey, SqliteHuey
from huey.consumer import Consumer

NAME = "madoguchi"


def make_queue(url: str) -> Any:
    """Return a huey for ``QUEUE_URL``: sqlite:///file, postgresql://…, redis://… or memory://."""
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        return SqliteHuey(NAME, filename=str(path), results=False)
    if scheme in ("postgresql", "postgres"):
        return PostgresHuey(NAME, dsn=url, results=False)
    if scheme in ("redis", "rediss"):
        return RedisHuey(NAME, url=url, results=False)
    if scheme == "memory":
        return MemoryHuey(NAME, results=False)
    raise ValueError("QUEUE_URL must begin with sqlite:///, postgresql://, redis:// or memory://")


class QuietConsumer(Consumer):  # type: ignore[misc]  # huey ships no types
    """A consumer inside our worker: our worker owns the signals."""

    def _set_signal_handlers(self) -> None:
        return


def start_consumer(queue: Any) -> Any:
    """Start one thread that runs tasks and the scheduler beside it."""
    consumer = QuietConsumer(queue, workers=1, worker_type="thread", periodic=True, check_worker_health=False)
    consumer.start()
    return consumer
