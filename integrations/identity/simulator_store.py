"""What the card simulator remembers between its requests: a small file of its own, shared by processes."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
create table if not exists kept (kind text, key text, value text, until real, used integer default 0,
                                 primary key (kind, key));
"""


class Store:
    """Values under (kind, key) with an end; each may be taken once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        with self._open() as file:
            file.executescript(SCHEMA)

    def put(self, kind: str, key: str, value: Any, seconds: float) -> bool:
        """Keep a value; False when the key is taken already (a replay)."""
        with self._open() as file:
            file.execute("delete from kept where until < ?", (time.time() - 3600,))
            added = file.execute(
                "insert or ignore into kept (kind, key, value, until) values (?, ?, ?, ?)",
                (kind, key, json.dumps(value), time.time() + seconds),
            )
            return added.rowcount == 1

    def get(self, kind: str, key: str) -> Any:
        """Return a value that is neither over nor taken, else None."""
        with self._open() as file:
            row = file.execute(
                "select value from kept where kind = ? and key = ? and until > ? and used = 0",
                (kind, key, time.time()),
            ).fetchone()
        return json.loads(row[0]) if row else None

    def take(self, kind: str, key: str) -> Any:
        """Return a value once; later calls give None."""
        with self._open() as file:
            row = file.execute(
                "update kept set used = 1 where kind = ? and key = ? and until > ? and used = 0"
                " returning value",
                (kind, key, time.time()),
            ).fetchone()
        return json.loads(row[0]) if row else None

    def all(self, kind: str) -> list[str]:
        """Return the keys of a kind, taken ones included."""
        with self._open() as file:
            return [row[0] for row in file.execute("select key from kept where kind = ?", (kind,))]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        file = sqlite3.connect(self._path, timeout=10)
        try:
            with file:
                yield file
        finally:
            file.close()
