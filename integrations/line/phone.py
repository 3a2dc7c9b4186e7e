"""/sandbox/line: the sample residents' phones. They receive, tap and type; works without JavaScript."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

import requests
from jinja2 import Environment, FileSystemLoader, select_autoescape

from integrations.line.login_desk import PATH, LoginDesk
from integrations.line.sandbox import LINK_TOKEN_LASTS_S, SandboxLine, sign

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PAGES = Path(__file__).parent / "pages"
_HEADERS = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'"),
]
MENU = (
    ("手続きをさがす", "do=search"),
    ("お知らせを選ぶ", "do=topics"),
    ("ごみの日", "do=garbage"),
    ("わたしの手続き", "do=procedures"),
    ("施設の予約", "do=bookings"),
    ("道路の報告", "do=report"),
    ("職員に聞く", "do=person"),
    ("LINE連携", "do=link"),
)
"""The rich menu, as buttons."""
Deliver = Callable[[bytes, str], int]


def build(line: SandboxLine, internal_url: str) -> WSGIApplication:
    """Return the WSGI application; webhooks go to this server over HTTP, signed as LINE does."""
    address = internal_url.rstrip("/") + "/callbacks/line"

    def deliver(body: bytes, signature: str) -> int:
        headers = {"x-line-signature": signature, "Content-Type": "application/json"}
        return requests.post(address, data=body, headers=headers, timeout=(3, 10)).status_code

    return Phones(line, deliver)


class Phones:
    """The pages."""

    def __init__(self, line: SandboxLine, deliver: Deliver, desk: LoginDesk | None = None) -> None:
        self._line = line
        self._desk = desk or LoginDesk(line)
        self._deliver = deliver
        self._pages = Environment(loader=FileSystemLoader(_PAGES), autoescape=select_autoescape())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        root, path = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "").strip("/")
        if path == "style.css":
            return _answer(start_response, "200 OK", "text/css", (_PAGES / "phone.css").read_bytes())
        if path == "accountLink":
            return self._account_link(parse_qs(environ.get("QUERY_STRING", "")), root, start_response)
        if path == f"{PATH}/token":
            status, answer = self._desk.trade(_form(environ))
            return _answer(start_response, status, "application/json", json.dumps(answer).encode())
        if path == f"{PATH}/authorize":
            return self._authorize(environ, root, start_response)
        user = path or next(iter(self._line.phones()))
        if user not in self._line.phones():
            return _answer(start_response, "404 Not Found", "text/plain", b"no such phone")
        if environ.get("REQUEST_METHOD") == "POST":
            self._do(user, _form(environ))
            return _redirect(start_response, f"{root}/{quote(user)}#latest")
        return self._talk(user, root, start_response)

    def _talk(self, user: str, root: str, start_response: StartResponse) -> Iterable[bytes]:
        talk = list(reversed(self._line.received(user, limit=40)))
        page = self._pages.get_template("phone.html").render(
            user=user, phones=self._line.phones(), root=root, menu=MENU, follows=self._line.is_friend(user),
            talk=[(bubble.mine, _shown(bubble.message), bubble.at) for bubble in talk],
            at=secrets.token_hex(4),  # the same address would only jump to the anchor
            taps=_taps(next((b.message for b in reversed(talk) if not b.mine), {})),
        )  # fmt: skip
        return _answer(start_response, "200 OK", "text/html; charset=utf-8", page.encode())

    def _do(self, user: str, form: dict[str, str]) -> None:
        if form.get("follow") in ("follow", "unfollow"):
            self._follow(user, form["follow"])
        elif form.get("data"):
            self._keep_mine(user, form.get("label") or form["data"])
            self._send(user, {"type": "postback", "postback": {"data": form["data"]}})
        elif form.get("text", "").strip():
            words = form["text"].strip()
            self._keep_mine(user, words)
            message = {"type": "text", "id": str(secrets.randbelow(10**15)), "text": words}
            self._send(user, {"type": "message", "message": message})

    def _follow(self, user: str, what: str) -> None:
        with closing(self._line.open()) as db, db:
            db.execute("UPDATE phone SET follows = ? WHERE user_id = ?", (what == "follow", user))
        more = {"follow": {"isUnblocked": False}} if what == "follow" else {}
        self._send(user, {"type": what, **more}, reply=what == "follow")

    def _account_link(
        self, query: dict[str, list[str]], root: str, start_response: StartResponse
    ) -> Iterable[bytes]:
        token, nonce = (query.get("linkToken") or [""])[0], (query.get("nonce") or [""])[0]
        with closing(self._line.open()) as db, db:
            row = db.execute(
                "DELETE FROM link_token WHERE token = ? RETURNING user_id, made", (token,)
            ).fetchone()
        if row is None or time.time() - row[1] > LINK_TOKEN_LASTS_S:
            return _answer(
                start_response,
                "400 Bad Request",
                "text/plain; charset=utf-8",
                "リンクの期限切れです".encode(),
            )
        self._send(row[0], {"type": "accountLink", "link": {"result": "ok", "nonce": nonce}})
        return _redirect(start_response, f"{root}/{quote(row[0])}#latest")

    def _authorize(
        self, environ: WSGIEnvironment, root: str, start_response: StartResponse
    ) -> Iterable[bytes]:
        query = _first(parse_qs(environ.get("QUERY_STRING", "")))
        if problem := self._desk.problem(query):
            say = f"LINE Login: {problem}".encode()
            return _answer(start_response, "400 Bad Request", "text/plain; charset=utf-8", say)
        if environ.get("REQUEST_METHOD") == "POST":
            user = _form(environ).get("user", "")
            known = user in self._line.phones()
            return _redirect(
                start_response, self._desk.allow(query, user) if known else self._desk.cancel(query)
            )
        page = self._pages.get_template("login.html").render(phones=self._line.phones(), root=root)
        return _answer(start_response, "200 OK", "text/html; charset=utf-8", page.encode())

    def _keep_mine(self, user: str, words: str) -> None:
        message = json.dumps({"type": "text", "text": words}, ensure_ascii=False)
        with closing(self._line.open()) as db, db:
            db.execute(
                "INSERT INTO talk (user_id, mine, message, at) VALUES (?, 1, ?, ?)",
                (user, message, datetime.now(UTC).isoformat()),
            )

    def _send(self, user: str, event: dict[str, Any], *, reply: bool = True) -> int:
        token = secrets.token_hex(16)
        if reply:
            with closing(self._line.open()) as db, db:
                db.execute("INSERT INTO reply_token VALUES (?, ?, ?)", (token, user, time.time()))
            event["replyToken"] = token
        event |= {
            "webhookEventId": "01" + secrets.token_hex(12).upper(),
            "timestamp": int(time.time() * 1000),
            "mode": "active",
            "source": {"type": "user", "userId": user},
            "deliveryContext": {"isRedelivery": False},
        }
        body = json.dumps({"destination": "Usandbox", "events": [event]}, ensure_ascii=False).encode()
        return self._deliver(body, sign(body))


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    from integrations.mail.sandbox_app import linked, read_message

    words, buttons = read_message(message)
    return {"words": linked(words), "buttons": buttons, "taps": _postbacks(message.get("contents"))}


def _postbacks(node: Any) -> list[tuple[str, str]]:
    """The buttons of a bubble that answer in the talk: (label, data)."""
    if isinstance(node, list):
        return [tap for part in node for tap in _postbacks(part)]
    if not isinstance(node, dict):
        return []
    action = node.get("action", {})
    mine = [(action["label"], action["data"])] if action.get("type") == "postback" else []
    return mine + [
        tap for part in ("header", "body", "footer", "contents") for tap in _postbacks(node.get(part))
    ]


def _taps(message: dict[str, Any]) -> list[tuple[str, str]]:
    items = message.get("quickReply", {}).get("items", [])
    return [(item["action"].get("label", ""), item["action"].get("data", "")) for item in items]


def _form(environ: WSGIEnvironment) -> dict[str, str]:
    size = min(int(environ.get("CONTENT_LENGTH") or 0), 65_536)
    return _first(parse_qs(environ["wsgi.input"].read(size).decode("utf-8", "replace")))


def _first(fields: dict[str, list[str]]) -> dict[str, str]:
    return {name: values[0] for name, values in fields.items()}


def _redirect(start_response: StartResponse, address: str) -> Iterable[bytes]:
    start_response("303 See Other", [("Location", address), ("Content-Length", "0"), *_HEADERS])
    return [b""]


def _answer(start_response: StartResponse, status: str, kind: str, body: bytes) -> Iterable[bytes]:
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *_HEADERS])
    return [body]
