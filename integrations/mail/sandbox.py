"""Mail that goes nowhere: kept in a file and shown on /sandbox/messages.

An address may ask for a fate, like the simulators of real providers:
``…@bounce.example`` is refused for good, ``…@later.example`` is put off once.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from webapp.ports.delivery import Outcome

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, recipient TEXT NOT NULL, raw BLOB NOT NULL,
    received_at TEXT NOT NULL, copies INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE IF NOT EXISTS put_off (message_id TEXT PRIMARY KEY);
"""


@dataclass(frozen=True)
class ReceivedMail:
    """A mail as its reader sees it; ``copies`` counts repeats of the same Message-ID."""

    id: int
    to: str
    sender: str
    subject: str
    body: str
    received_at: datetime
    copies: int


class SandboxMail:
    """The plug and its mailbox."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ready = threading.Lock()
        self._made = False

    def send(self, to: str, raw: bytes) -> Outcome:
        """See MailPort."""
        message = message_from_bytes(raw, policy=policy.default)
        message_id = str(message["Message-ID"])
        if to.endswith("@bounce.example"):
            return Outcome("unreachable", "smtp 550")
        with closing(self._open()) as db, db:
            if to.endswith("@later.example") and self._put_off(db, message_id):
                return Outcome("retry", "smtp 451", retry_after=1)
            db.execute(
                "INSERT INTO mail (message_id, recipient, raw, received_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (message_id) DO UPDATE SET copies = copies + 1",
                (message_id, to, raw, datetime.now(UTC).isoformat()),
            )
        return Outcome("accepted", provider_ref=message_id)

    def received(self, limit: int = 100, to: str | None = None) -> list[ReceivedMail]:
        """Return what arrived, newest first."""
        query = (
            "SELECT id, recipient, raw, received_at, copies FROM mail"
            " WHERE :to IS NULL OR recipient = :to ORDER BY id DESC LIMIT :limit"
        )
        with closing(self._open()) as db:
            rows = db.execute(query, {"to": to, "limit": limit}).fetchall()
        return [_read(*row) for row in rows]

    def find(self, mail_id: int) -> ReceivedMail | None:
        """Return one mail."""
        with closing(self._open()) as db:
            row = db.execute(
                "SELECT id, recipient, raw, received_at, copies FROM mail WHERE id = ?", (mail_id,)
            ).fetchone()
        return None if row is None else _read(*row)

    @staticmethod
    def _put_off(db: sqlite3.Connection, message_id: str) -> bool:
        done = db.execute("INSERT INTO put_off VALUES (?) ON CONFLICT DO NOTHING", (message_id,))
        return done.rowcount == 1

    def _open(self) -> sqlite3.Connection:
        with self._ready:
            if not self._made:
                self._file.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self._file, timeout=20)
            if not self._made:
                db.execute("PRAGMA journal_mode=WAL")
                db.executescript(_SCHEMA)
                self._made = True
        return db


def _read(mail_id: int, to: str, raw: bytes, received_at: str, copies: int) -> ReceivedMail:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    part = message.get_body(("plain",))
    return ReceivedMail(
        id=mail_id,
        to=to,
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        body="" if part is None else str(part.get_content()),
        received_at=datetime.fromisoformat(received_at),
        copies=copies,
    )
