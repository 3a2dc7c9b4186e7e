"""What the sandbox provider remembers, in its own SQLite file: payments, refunds, events, requests."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS payment (
    id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, body TEXT NOT NULL, status TEXT NOT NULL, method TEXT,
    amount_yen INTEGER NOT NULL, paid_at TEXT, pending_until TEXT, expires_at TEXT NOT NULL, slip TEXT
);
CREATE TABLE IF NOT EXISTS refund (
    id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, payment_id TEXT NOT NULL, amount_yen INTEGER NOT NULL,
    status TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS event (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, payment_id TEXT NOT NULL, created_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, answer INTEGER
);
CREATE TABLE IF NOT EXISTS request (number INTEGER PRIMARY KEY, what TEXT NOT NULL, key TEXT NOT NULL);
"""


class Store:
    """The file, shared by every process of the site; writers queue up."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._made = False

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One unit of work with the write lock from its start."""
        with closing(self._open()) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                db.execute("ROLLBACK")
                raise

    def one(self, sql: str, *values: Any) -> dict[str, Any] | None:
        """Return the first row, or None."""
        rows = self.all(sql, *values)
        return rows[0] if rows else None

    def all(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Return all rows as dicts."""
        with closing(self._open()) as db:
            return [dict(row) for row in db.execute(sql, values)]

    def note(self, what: str, key: str) -> None:
        """Remember a request, for tests and proofs."""
        with self.writing() as db:
            db.execute("INSERT INTO request (what, key) VALUES (?, ?)", (what, key))

    def _open(self) -> sqlite3.Connection:
        with self._lock:
            if not self._made:
                self._file.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self._file, timeout=20, isolation_level=None)
            db.row_factory = sqlite3.Row
            if not self._made:
                db.execute("PRAGMA journal_mode=WAL")
                db.executescript(_SCHEMA)
                self._made = True
        db.execute("PRAGMA synchronous=NORMAL")
        return db


def body_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return the order a payment row was opened with."""
    loaded: dict[str, Any] = json.loads(row["body"])
    return loaded
