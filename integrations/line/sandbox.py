"""A LINE that goes nowhere: it keeps what residents' phones received in a file.

It honours retry keys like LINE does. A user id that begins with ``Ublocked`` never receives anything.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from webapp.ports.delivery import Outcome
from webapp.ports.line import Content, LineRefused, Quota

if TYPE_CHECKING:
    from webapp.ports.line import LineLogin

_SCHEMA = """
CREATE TABLE IF NOT EXISTS phone (
    user_id TEXT PRIMARY KEY, name TEXT NOT NULL, follows INTEGER NOT NULL DEFAULT 1, menu TEXT
);
CREATE TABLE IF NOT EXISTS talk (
    id INTEGER PRIMARY KEY, user_id TEXT NOT NULL, mine INTEGER NOT NULL,
    message TEXT NOT NULL, at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS talk_user ON talk (user_id, id);
CREATE TABLE IF NOT EXISTS accepted (retry_key TEXT PRIMARY KEY, request_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS reply_token (token TEXT PRIMARY KEY, user_id TEXT NOT NULL, made REAL NOT NULL);
CREATE TABLE IF NOT EXISTS link_token (token TEXT PRIMARY KEY, user_id TEXT NOT NULL, made REAL NOT NULL);
CREATE TABLE IF NOT EXISTS login_code (
    code TEXT PRIMARY KEY, user_id TEXT NOT NULL, kept TEXT NOT NULL, made REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS content (id TEXT PRIMARY KEY, type TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS rich_menu (
    alias TEXT PRIMARY KEY, name TEXT NOT NULL, body TEXT NOT NULL, image BLOB NOT NULL,
    is_default INTEGER NOT NULL DEFAULT 0
);
"""

SECRET = "sandbox-channel-secret"  # noqa: S105 - the sandbox's own, refused in production
SAMPLE_PHONES = (
    ("Usandbox0000000000000000000000001", "花子さんの電話"),
    ("Usandbox0000000000000000000000002", "太郎さんの電話"),
    ("Usandbox0000000000000000000000003", "Mariaの電話"),
)
REPLY_LASTS_S = 60.0
LINK_TOKEN_LASTS_S = 600.0


@dataclass(frozen=True)
class Bubble:
    """One message in a phone's talk; ``mine`` when the phone's owner sent it."""

    id: int
    user_id: str
    mine: bool
    message: dict[str, Any]
    at: datetime


def sign(body: bytes, secret: str = SECRET) -> str:
    """Return the signature LINE puts on a webhook."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


class SandboxLine:
    """The plug and the phones. ``deliver`` (set by wsgi.py) posts a webhook body with its signature."""

    def __init__(self, file: Path, login: LineLogin | None = None) -> None:
        self._file = file
        self._login = login
        self._ready = threading.Lock()
        self._made = False
        self.deliver: Callable[[bytes, str], int] | None = None

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """See LinePort."""
        return (SECRET,)

    @property
    def login(self) -> LineLogin | None:
        """See LinePort."""
        return self._login

    def push(self, request: bytes, retry_key: str) -> Outcome:
        """See LinePort."""
        body = json.loads(request)
        return self._accept([body["to"]], body["messages"], retry_key)

    def multicast(self, request: bytes, retry_key: str) -> Outcome:
        """See LinePort."""
        body = json.loads(request)
        return self._accept(body["to"], body["messages"], retry_key)

    def reply(self, reply_token: str, messages: list[dict[str, Any]]) -> Outcome:
        """See LinePort."""
        with closing(self.open()) as db, db:
            row = db.execute(
                "DELETE FROM reply_token WHERE token = ? RETURNING user_id, made", (reply_token,)
            ).fetchone()
            if row is None or time.time() - row[1] > REPLY_LASTS_S:
                return Outcome("rejected", "400 Invalid reply token")
            self._store(db, [row[0]], messages)
        return Outcome("accepted", provider_ref=str(uuid.uuid4()))

    def validate(self, messages: list[dict[str, Any]]) -> list[str]:
        """See LinePort."""
        return [] if 1 <= len(messages) <= 5 else ["messages: 1 to 5"]

    def quota(self) -> Quota:
        """See LinePort: 地方公共団体プラン has no cap."""
        return Quota(None, 0)

    def is_friend(self, user_id: str) -> bool:
        """See LinePort."""
        with closing(self.open()) as db:
            row = db.execute("SELECT follows FROM phone WHERE user_id = ?", (user_id,)).fetchone()
        return bool(row and row[0])

    def link_token(self, user_id: str) -> str:
        """See LinePort."""
        token = secrets.token_urlsafe(24)
        with closing(self.open()) as db, db:
            db.execute("INSERT INTO link_token VALUES (?, ?, ?)", (token, user_id, time.time()))
        return token

    def link_address(self, link_token: str, nonce: str) -> str:
        """See LinePort."""
        query = urlencode({"linkToken": link_token, "nonce": nonce})
        return f"/sandbox/line/accountLink?{query}"

    def content(self, message_id: str) -> Content:
        """See LinePort."""
        with closing(self.open()) as db:
            row = db.execute("SELECT data, type FROM content WHERE id = ?", (message_id,)).fetchone()
        if row is None:
            raise LineRefused("404")
        return Content(row[0], row[1])

    def install_menu(self, alias: str, menu: dict[str, Any], image: bytes) -> bool:
        """See LinePort."""
        with closing(self.open()) as db, db:
            done = db.execute(
                "INSERT INTO rich_menu (alias, name, body, image) VALUES (?, ?, ?, ?) ON CONFLICT (alias)"
                " DO UPDATE SET name = excluded.name, body = excluded.body, image = excluded.image"
                " WHERE rich_menu.name <> excluded.name",
                (alias, menu["name"], json.dumps(menu, ensure_ascii=False), image),
            )
            return done.rowcount > 0

    def show_menu(self, user_ids: Sequence[str] | None, alias: str) -> None:
        """See LinePort."""
        with closing(self.open()) as db, db:
            if db.execute("SELECT 1 FROM rich_menu WHERE alias = ?", (alias,)).fetchone() is None:
                raise LineRefused("404")
            if user_ids is None:
                db.execute("UPDATE rich_menu SET is_default = (alias = ?)", (alias,))
            else:
                db.executemany(
                    "UPDATE phone SET menu = ? WHERE user_id = ?", [(alias, user) for user in user_ids]
                )

    def received(self, user_id: str | None = None, limit: int = 100) -> list[Bubble]:
        """Return what phones show, newest first."""
        query = (
            "SELECT id, user_id, mine, message, at FROM talk"
            " WHERE (:user IS NULL OR user_id = :user) ORDER BY id DESC LIMIT :limit"
        )
        with closing(self.open()) as db:
            rows = db.execute(query, {"user": user_id, "limit": limit}).fetchall()
        return [Bubble(r[0], r[1], bool(r[2]), json.loads(r[3]), datetime.fromisoformat(r[4])) for r in rows]

    def phones(self) -> dict[str, str]:
        """Return the sample residents' phones: user id to name."""
        with closing(self.open()) as db:
            return dict(db.execute("SELECT user_id, name FROM phone ORDER BY user_id").fetchall())

    def open(self) -> sqlite3.Connection:
        """Open the sandbox's file."""
        with self._ready:
            if not self._made:
                self._file.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self._file, timeout=20)
            if not self._made:
                db.execute("PRAGMA journal_mode=WAL")
                db.executescript(_SCHEMA)
                with db:
                    db.executemany(
                        "INSERT INTO phone (user_id, name) VALUES (?, ?) ON CONFLICT DO NOTHING",
                        SAMPLE_PHONES,
                    )
                self._made = True
        return db

    def _accept(self, users: list[str], messages: list[dict[str, Any]], retry_key: str) -> Outcome:
        request_id = str(uuid.uuid4())
        with closing(self.open()) as db, db:
            done = db.execute(
                "INSERT INTO accepted VALUES (?, ?) ON CONFLICT DO NOTHING", (retry_key, request_id)
            )
            if done.rowcount == 0:
                return Outcome("accepted", "409", self._earlier(db, retry_key))
            self._store(db, [user for user in users if not user.startswith("Ublocked")], messages)
        return Outcome("accepted", provider_ref=request_id)

    @staticmethod
    def _earlier(db: sqlite3.Connection, retry_key: str) -> str:
        row = db.execute("SELECT request_id FROM accepted WHERE retry_key = ?", (retry_key,)).fetchone()
        return str(row[0])

    @staticmethod
    def _store(db: sqlite3.Connection, users: list[str], messages: list[dict[str, Any]]) -> None:
        now = datetime.now(UTC).isoformat()
        followers = {row[0] for row in db.execute("SELECT user_id FROM phone WHERE follows = 0").fetchall()}
        db.executemany(
            "INSERT INTO talk (user_id, mine, message, at) VALUES (?, 0, ?, ?)",
            [
                (user, json.dumps(message, ensure_ascii=False), now)
                for user in users
                if user not in followers
                for message in messages
            ],
        )
