"""A LINE of our own over real HTTP: retry keys, 409, three kinds of 429, quota, blocked users, faults.

``python -m tests.fakes.line_server PORT`` runs it alone; tests use ``running()``. Faults are drawn from
a seeded generator, so a run can be repeated.
"""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakes.line_menus import RichMenus

RATE = "The API rate limit has been exceeded. Try again later."
CONCURRENT = "The API concurrency limit has been exceeded. Try again later."
QUOTA = "You have reached your monthly limit."
KEY_LASTS_S = 24 * 3600.0
TAKES_KEY = ("push", "multicast", "narrowcast", "broadcast")


@dataclass
class State:
    """Everything the fake knows; ``faults`` is the share of sends that go wrong."""

    token: str = "test-token"
    faults: float = 0.0
    latency_s: float = 0.0
    quota: int | None = None
    used: int = 0
    rate_per_s: dict[str, int] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    received: Counter[str] = field(default_factory=Counter)
    """Deliveries by user and marker (the first text found in a message)."""
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    accepted: dict[str, tuple[str, float]] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    """Names of faults to play next, before chance decides."""
    validate: Callable[[str, dict[str, Any]], list[str]] | None = None
    seconds: Callable[[], float] = time.time
    seed: int = 1
    ignore_keys: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    menus: RichMenus = field(default_factory=RichMenus)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.lock = threading.Lock()
        self._window: dict[str, tuple[int, int]] = {}

    def over_rate(self, kind: str) -> bool:
        """Count this request in the running second."""
        limit = self.rate_per_s.get(kind)
        if limit is None:
            return False
        second = int(self.seconds())
        known, number = self._window.get(kind, (second, 0))
        number = number + 1 if known == second else 1
        self._window[kind] = (second, number)
        return number > limit

    def next_fault(self) -> str | None:
        if self.answers:
            return self.answers.pop(0)
        if self.rng.random() < self.faults:
            return self.rng.choice(["500-before", "500-after", "drop-after", "429-rate", "reset-before"])
        return None


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    state: State

    def log_message(self, *_args: Any) -> None:
        return

    def do_GET(self) -> None:
        state = self.state
        if not self._authorised():
            return
        if self.path == "/v2/bot/message/quota":
            kind = {"type": "none"} if state.quota is None else {"type": "limited", "value": state.quota}
            self._answer(200, kind)
        elif self.path == "/v2/bot/message/quota/consumption":
            self._answer(200, {"totalUsage": state.used})
        elif self.path.startswith("/v2/bot/profile/"):
            user = self.path.rsplit("/", 1)[1]
            if user in state.blocked:
                self._answer(404, {"message": "Not found"})
            else:
                self._answer(200, {"userId": user, "displayName": "x"})
        elif self.path.startswith("/v2/bot/richmenu/"):
            self._menu("GET", None)
        elif self.path.endswith("/content"):
            self._raw(200, b"\xff\xd8\xff\xe0jpeg", "image/jpeg")
        else:
            self._answer(404, {"message": "Not found"})

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self._authorised():
            return
        if self.path.startswith("/v2/bot/message/"):
            kind = self.path.removeprefix("/v2/bot/message/")
            self._message(kind, json.loads(data))
        elif self.path.endswith("/linkToken"):
            self._answer(200, {"linkToken": uuid.uuid4().hex})
        elif "/richmenu" in self.path:
            is_picture = self.headers.get("Content-Type", "").startswith("image/")
            self._menu("POST", data if is_picture else json.loads(data or b"{}"))
        else:
            self._answer(404, {"message": "Not found"})

    def do_DELETE(self) -> None:
        if self._authorised():
            self._menu("DELETE", None)

    def _menu(self, method: str, body: Any) -> None:
        with self.state.lock:
            status, answer = self.state.menus.answer(method, self.path.removeprefix("/v2/bot/"), body)
        self._answer(status, answer)

    def _authorised(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {self.state.token}":
            return True
        self._answer(401, {"message": "Authentication failed"})
        return False

    def _message(self, kind: str, body: dict[str, Any]) -> None:
        state = self.state
        key = self.headers.get("X-Line-Retry-Key")
        if state.latency_s:
            time.sleep(state.latency_s)
        with state.lock:
            state.counts[kind] += 1
            fault = state.next_fault() if kind in TAKES_KEY else None
            state.counts["faulted"] += fault is not None
        if fault in ("500-before", "reset-before", "slow", "429-rate", "429-concurrent", "html-500"):
            self._play(fault)
            return
        with state.lock:
            status, answer, headers = self._decide(kind, body, key)
        if status == 200 and fault in ("500-after", "drop-after"):
            self._play("reset-before" if fault == "drop-after" else "500-before")
            return
        self._answer(status, answer, headers)

    def _decide(
        self, kind: str, body: dict[str, Any], key: str | None
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        state = self.state
        if state.over_rate(kind):
            return 429, {"message": RATE}, {}
        if key is not None and kind not in TAKES_KEY:
            return 400, {"message": "The retry key is not supported by this API"}, {}
        if key is not None and not _is_uuid(key):
            return 400, {"message": "Invalid retry key"}, {}
        complaints = _shape(kind, body) + (state.validate(kind, body) if state.validate else [])
        if complaints:
            details = [{"message": text, "property": text.split(":")[0]} for text in complaints]
            return 400, {"message": "The request body has errors", "details": details}, {}
        if kind.startswith("validate/"):
            return 200, {}, {}
        return self._accept(kind, body, key)

    def _accept(
        self, kind: str, body: dict[str, Any], key: str | None
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        state = self.state
        now = state.seconds()
        if key is not None and not state.ignore_keys:
            known = state.accepted.get(key)
            if known is not None and now - known[1] < KEY_LASTS_S:
                said = {"message": "The retry key is already accepted"}
                return 409, said, {"x-line-accepted-request-id": known[0]}
        users = [body["to"]] if isinstance(body.get("to"), str) else list(body.get("to", []))
        reached = [user for user in users if user not in state.blocked]
        if state.quota is not None and state.used + len(reached) > state.quota:
            return 429, {"message": QUOTA}, {}
        request_id = str(uuid.uuid4())
        if key is not None:
            state.accepted[key] = (request_id, now)
        state.used += len(reached)
        state.requests.append((kind, body))
        marker = marker_of(body)
        for user in reached:
            state.received[f"{user}|{marker}"] += 1
        sent = {"sentMessages": [{"id": uuid.uuid4().hex}]} if kind == "push" else {}
        return 200, sent, {"x-line-request-id": request_id}

    def _play(self, fault: str) -> None:
        if fault == "500-before":
            self._answer(500, {"message": "Internal server error"})
        elif fault == "html-500":
            self._raw(502, b"<html>Bad gateway</html>", "text/html")
        elif fault == "429-rate":
            self._answer(429, {"message": RATE})
        elif fault == "429-concurrent":
            self._answer(429, {"message": CONCURRENT})
        elif fault == "slow":
            time.sleep(0.8)
            self._answer(500, {"message": "too late"})
        else:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            self.connection.close()

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._raw(status, json.dumps(body).encode(), "application/json", headers)

    def _raw(self, status: int, data: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        return


def marker_of(body: dict[str, Any]) -> str:
    """Return the first text of the first message: tests write an id there."""
    found = _find_text(body.get("messages"))
    return found or ""


def _find_text(node: Any) -> str | None:
    if isinstance(node, dict):
        if node.get("type") == "text" and isinstance(node.get("text"), str):
            return str(node["text"])
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            if (found := _find_text(part)) is not None:
                return found
    return None


def _shape(kind: str, body: dict[str, Any]) -> list[str]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not 1 <= len(messages) <= 5:
        return ["messages: size must be between 1 and 5"]
    if kind == "multicast" and not 1 <= len(body.get("to", [])) <= 500:
        return ["to: size must be between 1 and 500"]
    if kind == "push" and not isinstance(body.get("to"), str):
        return ["to: must be a string"]
    return []


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


@contextmanager
def running(state: State | None = None) -> Iterator[tuple[str, State]]:
    """Run the fake on a free port; yields its address and its state."""
    state = state or State()
    handler = type("BoundHandler", (Handler,), {"state": state})
    server = Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", state
    finally:
        server.shutdown()
        server.server_close()
