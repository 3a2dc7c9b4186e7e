"""/sandbox/messages: every mail and LINE message of the sandboxes, newest first. Works without JavaScript."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from integrations.line.sandbox import SandboxLine
from integrations.mail.sandbox import SandboxMail

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PAGES = Path(__file__).parent / "pages"
_TOKYO = ZoneInfo("Asia/Tokyo")
_HEADERS = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'"),
]


@dataclass(frozen=True)
class Shown:
    """One message on the page."""

    channel: str
    to: str
    subject: str
    body: Markup
    at: datetime
    buttons: tuple[tuple[str, str], ...] = ()
    note: str = ""


def build(mail: Any, line: Any) -> WSGIApplication:
    """Return the WSGI application; a plug that is not a sandbox (or off) shows nothing."""
    return MessagesPage(
        mail if isinstance(mail, SandboxMail) else None, line if isinstance(line, SandboxLine) else None
    )


class MessagesPage:
    """The page and its style sheet."""

    def __init__(self, mail: SandboxMail | None, line: SandboxLine | None) -> None:
        self._mail = mail
        self._line = line
        self._pages = Environment(loader=FileSystemLoader(_PAGES), autoescape=select_autoescape())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").endswith("/style.css"):
            return self._answer(start_response, "text/css", (_PAGES / "messages.css").read_bytes())
        query = parse_qs(environ.get("QUERY_STRING", ""))
        to = (query.get("to") or [""])[0].strip()
        page = self._pages.get_template("messages.html").render(
            messages=self._messages(to), to=to, root=environ.get("SCRIPT_NAME", "")
        )
        return self._answer(start_response, "text/html; charset=utf-8", page.encode())

    @staticmethod
    def _answer(start_response: StartResponse, kind: str, body: bytes) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body))), *_HEADERS])
        return [body]

    def _messages(self, to: str) -> list[Shown]:
        shown = [*self._mails(to), *self._lines(to)]
        return sorted(shown, key=lambda one: one.at, reverse=True)[:100]

    def _mails(self, to: str) -> Iterable[Shown]:
        for mail in self._mail.received(to=to or None) if self._mail else ():
            note = f"同じメールが{mail.copies}回届きました" if mail.copies > 1 else ""
            yield Shown(
                "メール",
                mail.to,
                mail.subject,
                linked(mail.body),
                mail.received_at.astimezone(_TOKYO),
                note=note,
            )

    def _lines(self, to: str) -> Iterable[Shown]:
        if self._line is None:
            return
        names = self._line.phones()
        for bubble in self._line.received(user_id=to or None):
            if bubble.mine:
                continue
            words, buttons = read_message(bubble.message)
            name = names.get(bubble.user_id, bubble.user_id)
            yield Shown("LINE", name, "", linked(words), bubble.at.astimezone(_TOKYO), buttons)


def linked(text: str) -> Markup:
    """Escape text; web addresses become links, line ends stay."""
    lines = []
    for line in text.splitlines():
        words = [
            Markup('<a href="{0}">{0}</a>').format(word)
            if word.startswith(("http://", "https://"))
            else escape(word)
            for word in line.split(" ")
        ]
        lines.append(Markup(" ").join(words))
    return Markup("<br>\n").join(lines)


def read_message(message: dict[str, Any]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the words of a LINE message and its buttons that open an address."""
    if message.get("type") == "text":
        return str(message.get("text", "")), ()
    words: list[str] = []
    buttons: list[tuple[str, str]] = []
    _walk(message.get("contents", message), words, buttons)
    return "\n".join(words), tuple(buttons)


def _walk(node: Any, words: list[str], buttons: list[tuple[str, str]]) -> None:
    if isinstance(node, list):
        for part in node:
            _walk(part, words, buttons)
    elif isinstance(node, dict):
        action = node.get("action")
        if node.get("type") == "text":
            words.append(str(node.get("text", "")))
        if isinstance(action, dict) and action.get("type") == "uri":
            buttons.append((str(action.get("label", "")), str(action.get("uri", ""))))
        for key in ("header", "hero", "body", "footer", "contents"):
            _walk(node.get(key), words, buttons)
