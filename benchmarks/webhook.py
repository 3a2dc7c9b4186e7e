"""1,000 LINE events offered at 100 a second to gunicorn with two workers, the worker answering meanwhile.

``python3 dev.py bench webhook [EVENTS]``. Events are sent on the beat whether or not the last one was
answered, and a latency counts from the beat, so a queue anywhere shows. Goal: every event acknowledged
with 200 and stored once, none later than LINE's two seconds; on both databases.
"""

from __future__ import annotations

import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, select

from integrations.line.sandbox import sign
from tests import postgres
from tests.fakes.line_server import State, running
from tests.journeys import city
from webapp.db import Database
from webapp.messaging.line_models import LineEvent

PER_SECOND = 100
LIMIT_S = 2.0
SECRET = "bench-channel-secret"
SENDERS = 64
WORDS = ("住民票がほしい", "ごみの日", "粗大ごみ", "保育園", "道路に穴があいている")


def main(args: list[str]) -> int:
    number = int(args[0]) if args else 1000
    good = True
    with tempfile.TemporaryDirectory() as folder, postgres.server() as server:
        urls = {"SQLite": None, "PostgreSQL": postgres.create_database(server, "bench")}
        for name, url in urls.items():
            good &= _measure(name, Path(folder) / name, url, number)
    print("goal met" if good else "goal missed")
    return 0 if good else 1


def _measure(name: str, folder: Path, url: str | None, number: int) -> bool:
    with running(State()) as (line_url, _):
        settings = {
            "WEB_CONCURRENCY": "2",
            "MADOGUCHI_LINE": "messaging_api",
            "MADOGUCHI_LINE_TOKEN": "test-token",
            "MADOGUCHI_LINE_SECRET": SECRET,
            "MADOGUCHI_LINE_HOST": line_url,
            "MADOGUCHI_LINE_DATA_HOST": line_url,
        }
        with city.running(folder, database_url=url, **settings) as served:
            _offer(served.url, "warm", 20)
            answers = _offer(served.url, "event", number)
            stored = _stored(url or f"sqlite:///{folder / 'madoguchi.sqlite3'}")
    taken = sorted(seconds for status, seconds in answers if status == 200)
    late = sum(seconds > LIMIT_S for seconds in taken)
    tell = ", ".join(f"p{share} {_share(taken, share) * 1000:.0f} ms" for share in (50, 95, 99))
    print(
        f"{name}: {number} events at {PER_SECOND}/s, {len(taken)} acknowledged, {stored} stored,"
        f" {late} after {LIMIT_S:.0f} s; {tell}, slowest {_share(taken, 100) * 1000:.0f} ms",
        flush=True,
    )
    return len(taken) == stored == number and late == 0


def _offer(base: str, prefix: str, number: int) -> list[tuple[int, float]]:
    """Send on the beat; returns (status, seconds since the beat) of each."""
    host = urlsplit(base).netloc
    bodies = [_body(f"{prefix}-{n}", n) for n in range(number)]
    signed = [(body, sign(body, SECRET)) for body in bodies]
    began = time.monotonic() + 0.2

    def send(n: int) -> tuple[int, float]:
        due = began + n / PER_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
        return _post(host, *signed[n]), time.monotonic() - due

    with ThreadPoolExecutor(SENDERS) as pool:
        return list(pool.map(send, range(number)))


def _post(host: str, body: bytes, signature: str) -> int:
    """Each event comes on a connection of its own, the dearest way; 0 when no answer came."""
    connection = HTTPConnection(host, timeout=10)
    try:
        headers = {"x-line-signature": signature, "Content-Type": "application/json"}
        connection.request("POST", "/callbacks/line", body, headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def _body(event_id: str, n: int) -> bytes:
    event = {
        "type": "message",
        "webhookEventId": event_id,
        "timestamp": int(time.time() * 1000),
        "mode": "active",
        "source": {"type": "user", "userId": f"U{n % 200:032d}"},
        "replyToken": f"token-{event_id}",
        "deliveryContext": {"isRedelivery": False},
        "message": {"type": "text", "id": str(n), "text": WORDS[n % len(WORDS)]},
    }
    return json.dumps({"destination": "U0", "events": [event]}, ensure_ascii=False).encode()


def _stored(url: str) -> int:
    database = Database(url)
    try:
        with database.reading() as session:
            query = select(func.count()).where(LineEvent.event_id.like("event-%"))
            return session.scalars(query).one()
    finally:
        database.dispose()


def _share(values: list[float], share: int) -> float:
    return values[max(0, len(values) * share // 100 - 1)] if values else float("inf")
