"""Goes through the site as one role, and posts what nobody should into every form it meets."""

from __future__ import annotations

import io
import re
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote, quote_from_bytes, urlencode, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, RequestRedirect, Rule
from werkzeug.test import TestResponse

from tests.proofs import hostile
from tests.proofs.crawl_city import SECRET, CrawlCity
from tests.proofs.page_forms import Field, Form, Page
from webapp.web.guards import guard_of

Typed = list[tuple[str, str | bytes | tuple[bytes, str]]]
"""Names and values of one post; a pair is a file: content and name."""
LAST = (
    "sign_out", "close", "switch", "reset_factors", "discard", "end_sign_in", "run", "stop", "done",
    "withdraw", "confirm_withdrawal", "cancel", "act", "submit_application", "send",
)  # fmt: skip
"""Views that take away what others need: posted to when everything else is done."""
SLOW = 15.0
"""Seconds after which an answer means that something typed keeps the machine busy (expressions, quadratic loops)."""
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154"
    "789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
FILES = (
    PICTURE,
    f"<svg onload={hostile.MARK}(9)>".encode(),
    b"%PDF-1.7\n%%EOF",
    b"",
    b"PK\x03\x04" + b"\0" * 30,
)
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
HTML = ("text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml")


@dataclass
class Found:
    """What a crawl did and what went wrong."""

    pages: int = 0
    posts: int = 0
    forms: set[tuple[str, str, tuple[str, ...]]] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


@dataclass
class Crawler:
    """One role's way through the site. ``rounds``: hostile posts for each form; ``most``: pages of one view."""

    city: CrawlCity
    role: str
    found: Found
    rounds: int
    most: int
    number: int = 7
    texts: Sequence[str] = hostile.TEXTS

    def __post_init__(self) -> None:
        self._client, self._token = self.city.browser(self.role), ""
        self._choose = Random(f"{self.role}{self.number}")
        self._opened: Counter[str] = Counter()
        self._known: set[str] = set()
        self._queue: deque[str] = deque(self._seeds())
        self._last: list[Form] = []
        self._texts = list(self.texts)
        self._choose.shuffle(self._texts)
        self._next = 0

    # -- the way -----------------------------------------------------------------------------------

    def walk(self, *, to_the_end: bool = True) -> None:
        """Open everything, attack every form, at last (``to_the_end``) those that take something away."""
        self._pages(attack=True)
        for form in self._last if to_the_end else []:
            self._fresh()
            self._attack(form)

    def ask_everywhere(self) -> None:
        """Ask for every address of this role with hostile parts and hostile queries."""
        for rule, method in self._rules():
            for value in (hostile.MARKUP[0], *self._choose.sample(self._texts, k=min(4, self.rounds))):
                self._ask_at(rule, method, value)

    def look(self) -> None:
        """Open everything once more: what was stored is looked at as others see it."""
        self._client, self._known, self._opened = self.city.browser(self.role), set(), Counter()
        self._queue = deque(self._seeds())
        self._pages(attack=False)

    def _pages(self, *, attack: bool) -> None:
        while self._queue:
            path = self._queue.popleft()
            view = self._view(path, "GET")
            if path in self._known or not view or self._opened[view] >= self.most:
                continue
            self._known.add(path)
            self._opened[view] += 1
            answer = self._get(path)
            if self._is_sign_in(answer):
                self._client = self.city.browser(self.role)
                answer = self._get(path)
            if answer.location:
                self._queue.append(_path(answer.location))
            self._read(path, answer, attack=attack)

    def _read(self, path: str, answer: TestResponse, *, attack: bool) -> None:
        if answer.mimetype != "text/html":
            return
        page = Page(path, answer.text)
        self._queue.extend(page.links)
        for form in page.forms if attack else []:
            self._meet(form)

    def _meet(self, form: Form) -> None:
        view = self._view(form.action, "POST")
        key = (self.role, view, form.shape)
        if not view or key in self.found.forms:
            return
        self.found.forms.add(key)
        if view.rpartition(".")[2] in LAST:
            self._last.append(form)
            return
        self._attack(form)

    def _attack(self, form: Form) -> None:
        self._read(form.action, self._post(form, list(self._harmless(form))), attack=True)
        for turn in range(self.rounds):
            self._post(form, list(self._hostile(form, turn)))

    def _ask_at(self, rule: Rule, method: str, value: str) -> None:
        parts = {name: quote(value[:300], safe="") or "x" for name in rule.arguments}
        if any(isinstance(kind, IntegerConverter) for kind in rule._converters.values()):
            parts = dict.fromkeys(rule.arguments, "99999999999999999999")
        path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", lambda found: parts[found[1]], rule.rule)
        if method == "GET":
            query = urlencode(dict.fromkeys(("q", "day", "from", "page", "next"), value))
            self._get(f"{path}?{query}")
        else:
            form = Form(path, [Field("csrf_token", "hidden")])
            self._post(form, [("csrf_token", self._token)])

    # -- what is typed -----------------------------------------------------------------------------

    def _harmless(self, form: Form) -> Iterator[tuple[str, Any]]:
        done = set()
        for one in form.fields:
            if one.name in done:
                continue
            done.add(one.name)
            if one.kind == "submit" and any(
                other.kind == "submit" and other.name in done - {one.name} for other in form.fields
            ):
                continue
            yield one.name, self._token if one.name == "csrf_token" else _usual(one)

    def _hostile(self, form: Form, turn: int) -> Iterator[tuple[str, Any]]:
        """Texts always; choices every second time; hidden values and other kinds every third."""
        seen = set()
        for one in form.fields:
            if one.name == "csrf_token":
                yield one.name, self._token
            elif one.kind == "file":
                yield one.name, (self._choose.choice(FILES), self._choose.choice(hostile.NAMES))
            elif one.kind == "hidden" and turn % 3 != 2:
                yield one.name, one.value
            elif one.kind in ("radio", "checkbox", "select", "submit") and turn % 2 == 0:
                if one.name not in seen:
                    yield one.name, _usual(one)
            else:
                yield one.name, self._value(turn)
                if turn % 3 == 2:
                    yield one.name, self._value(turn)  # twice: a list where one was meant
            seen.add(one.name)
        if turn % 3 == 2:
            for name in (
                "id",
                "resident_id",
                "staff_id",
                "protected",
                "roles",
                "status",
                "level",
                "amount_yen",
            ):
                yield name, "1"

    def _value(self, turn: int) -> str | bytes:
        self._next += 1
        if turn % 4 == 3 and self._next % 5 == 0:
            return self._choose.choice(hostile.BYTES)
        return self._texts[self._next % len(self._texts)]

    # -- asking and judging ------------------------------------------------------------------------

    def _get(self, path: str) -> TestResponse:
        self.found.pages += 1
        start = time.perf_counter()
        answer = self._client.get(path)
        self._time("GET", path, start)
        return self._judge("GET", path, answer)

    def _time(self, method: str, path: str, start: float) -> None:
        if (seconds := time.perf_counter() - start) > SLOW:
            self.found.faults.append(f"{self.role} {method} {path[:120]} took {seconds:.0f} s")

    def _post(self, form: Form, typed: Typed) -> TestResponse:
        self.found.posts += 1
        start = time.perf_counter()
        if any(isinstance(value, tuple) for _, value in typed):
            answer = self._client.post(form.action, data=_multipart(typed))
        else:
            body = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in typed)  # type: ignore[arg-type]
            kind = "application/x-www-form-urlencoded"
            answer = self._client.post(form.action, data=body, content_type=kind)
        self._time("POST", form.action, start)
        self._judge("POST", form.action, answer, typed)
        if answer.location:
            self._queue.append(_path(answer.location))
        if self._is_sign_in(answer):
            self._fresh()
        return answer

    def _fresh(self) -> None:
        """Sign in anew, and read a page for its token."""
        self._client = self.city.browser(self.role)
        self._get({"anonymous": "/sign-in/mail", "resident": "/account/close"}.get(self.role, "/staff/"))

    def _judge(
        self, method: str, path: str, answer: TestResponse, typed: Typed | None = None
    ) -> TestResponse:
        where = f"{self.role} {method} {path[:120]}: {answer.status_code}"
        told = f" {str(typed)[:600]}" if typed else ""
        if answer.status_code >= 500 and answer.status_code != 503:
            self.found.faults.append(f"{where} is an error of ours{told}")
        if "X-Evil" in answer.headers:
            self.found.faults.append(f"{where} carries a header that was typed")
        if answer.location and urlsplit(answer.location).netloc not in ("", "localhost"):
            self.found.faults.append(f"{where} leads to {answer.location[:80]}")
        if answer.mimetype.startswith(("text/", "application/json")) or answer.mimetype in HTML:
            text = answer.text
            if SECRET in text:
                self.found.faults.append(f"{where} shows somebody else's name")
            if answer.mimetype in HTML and (alive := hostile.alive(text)):
                self.found.faults.append(f"{where} holds {alive!r}{told}")
            if tokens := TOKEN.findall(text):
                self._token = tokens[0]
        return answer

    def _is_sign_in(self, answer: TestResponse) -> bool:
        signs_in = answer.location is not None and _path(answer.location).split("?")[0].endswith("/sign-in")
        return signs_in and self.role != "anonymous"

    # -- addresses ---------------------------------------------------------------------------------

    def _seeds(self) -> list[str]:
        plain = [rule.rule for rule, method in self._rules() if method == "GET" and not rule.arguments]
        return [*self.city.addresses.get(self._side, []), *plain]

    @property
    def _side(self) -> str:
        return self.role if self.role in ("anonymous", "resident") else "staff"

    def _rules(self) -> Iterator[tuple[Rule, str]]:
        for rule in self.city.app.url_map.iter_rules():
            if self._is_mine(rule.endpoint):
                for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                    yield rule, method

    def _view(self, path: str, method: str) -> str:
        """Return the endpoint of an address of this role's side, or nothing."""
        routes = self.city.app.url_map.bind("localhost")
        try:
            endpoint, _ = routes.match(urlsplit(path).path, method=method)
        except (HTTPException, RequestRedirect):
            return ""
        return str(endpoint) if self._is_mine(endpoint) else ""

    def _is_mine(self, endpoint: str) -> bool:
        guard = guard_of(self.city.app.view_functions[endpoint])
        if guard is None or guard.kind == "callback":
            return False
        return (guard.kind == "staff") == (self._side == "staff")


def _usual(one: Field) -> str | tuple[bytes, str]:
    """What a person would type here."""
    name = one.name.lower()
    if one.kind == "file":
        return PICTURE, "photo.png"
    if one.kind in ("hidden", "submit", "radio", "checkbox"):
        return one.value
    if one.kind == "select":
        return one.value or next((option for option in one.options if option), "")
    if one.value:
        return one.value
    for part, text in (
        ("mail", "crawl@mihon.example"), ("tel", "0000551234"), ("postal", "9999901"), ("year", "2027"),
        ("month", "3"), ("day", "3"), ("password", "correct horse battery staple"), ("until", "2027-03-03"),
        ("_on", "2027-03-03"), ("date", "2027-03-03"), ("persons", "1"), ("count", "1"), ("yen", "0"),
    ):  # fmt: skip
        if part in name:
            return text
    return "1" if one.kind == "number" else "見本"


def _multipart(typed: Typed) -> dict[str, Any]:
    data: dict[str, list[Any]] = {}
    for name, value in typed:
        kept: Any = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if isinstance(value, tuple):
            kept = (io.BytesIO(value[0]), value[1])
        data.setdefault(name, []).append(kept)
    return data


def _quoted(value: str | bytes) -> str:
    return quote_from_bytes(value) if isinstance(value, bytes) else quote(value, safe="")


def _path(location: str) -> str:
    parts = urlsplit(location)
    return parts.path + (f"?{parts.query}" if parts.query else "")
