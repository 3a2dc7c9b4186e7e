"""Goes through the site as one walker, and posts what nobody should into every form it meets."""

from __future__ import annotations

import re
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, RequestRedirect, Rule
from werkzeug.test import TestResponse

from tests.proofs import hostile
from tests.proofs.crawl_found import NOT_THERE, Found
from tests.proofs.crawl_town import CrawlCity
from tests.proofs.crawl_typing import Typed, is_typed, multipart, urlencoded
from tests.proofs.page_forms import Field, Form, Page
from webapp.identity.permissions import ROLES
from webapp.web.guards import Guard, guard_of

LAST = (
    "send", "submit_application", "done", "act", "run", "accept", "cancel", "withdraw", "confirm_withdrawal",
    "revoke", "remove", "switch", "discard", "stop", "reset_factors", "end_sign_in", "close", "sign_out",
)  # fmt: skip
"""Views that take away what others need: posted to when everything else is done, in this order."""
SLOW = 5.0
"""Seconds of work, without the waiting for a busy machine: more means that something typed makes for more
work than it should (expressions, quadratic loops)."""
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass
class Crawler:
    """One walker's way through the site.

    ``rounds``: hostile posts for each form; ``most``: pages of one view beside those the city names.
    """

    city: CrawlCity
    role: str
    found: Found
    rounds: int
    most: int

    def __post_init__(self) -> None:
        self._walker = self.city.walkers[self.role]
        self._client = self.city.browser(self.role)
        self._tokens: dict[bool, str] = {}
        self._choose = Random(self.role)
        self._routes = self.city.app.url_map.bind("localhost")
        self._opened: Counter[str] = Counter()
        self._known: dict[str, None] = {}
        self._shown: list[str] = []
        self._queue: deque[tuple[str, bool]] = deque((path, True) for path in self._seeds())
        self._last: list[tuple[int, Form]] = []
        self._by_kind: dict[str, list[Form]] = {}

    # -- the way -----------------------------------------------------------------------------------

    def walk(self, *, to_the_end: bool = True) -> None:
        """Open everything, attack every form, at last (``to_the_end``) those that take something away."""
        self._pages()
        while self._last and to_the_end:
            self._last.sort(key=lambda waiting: waiting[0])
            _, form = self._last.pop(0)
            self._fresh(form.action)
            self._attack(form)
            self._pages()

    def ask_everywhere(self, *, again: bool) -> None:
        """Ask for every address of this walker with hostile parts and queries.

        ``again``: also for what somebody else was let in to ask for, with something else.
        """
        texts = [text for text in hostile.TEXTS if len(text) < 2_000]
        for rule, method in self._rules() if self._walker.roams else ():
            is_first = (rule.rule, method) not in self.found.asked
            self.found.asked.add((rule.rule, method))
            if is_first or again:
                self._ask_at(rule, method, hostile.MARKUP[0] if is_first else self._choose.choice(texts))

    def make_up(self) -> None:
        """Post until every kind of field in these forms has met every hostile text."""
        typist = self.found.typist
        for kind, forms in self._by_kind.items():
            for form in forms:
                if not typist.kinds().get(kind):
                    break
                self._fresh(form.action)
                while typist.kinds().get(kind):
                    if not self._post_hostile(form, everything=_is_kept(kind)):
                        break

    def look(self, *, again: bool) -> None:
        """Open once more what was shown: what was stored is looked at as others see it.

        ``again``: also what somebody else has looked at.
        """
        self._client = self.city.browser(self.role)
        for path in self._shown:
            if again or path not in self.found.seen:
                self.found.seen.add(path)
                self._get(path)

    def _pages(self) -> None:
        while self._queue:
            path, is_named = self._queue.popleft()
            view, _ = self._view(path, "GET")
            if path in self._known or not view or (self._opened[view] >= self.most and not is_named):
                continue
            self._known[path] = None
            self._opened[view] += not is_named
            answer = self._get(path)
            if self._is_sign_in(answer):
                self._client = self.city.browser(self.role)
                answer = self._get(path)
            if answer.location:
                self._queue.append((_path(answer.location), is_named))
            elif answer.status_code == 200:
                self._shown.append(path)
            self._read(path, answer)

    def _read(self, path: str, answer: TestResponse) -> None:
        if answer.mimetype != "text/html":
            return
        page = Page(path, answer.text)
        if self._walker.roams:
            self._queue.extend((link, False) for link in page.links)
        for form in page.forms:
            self._meet(form)

    def _meet(self, form: Form) -> None:
        view, values = self._view(form.action, "POST")
        key = (self.role, view, (*form.shape, str(values.get("step", ""))))
        if not view or key in self.found.forms or view in self._walker.spares:
            return
        self.found.forms.add(key)
        name = view.rpartition(".")[2]
        if name in LAST:
            self._last.append((LAST.index(name), form))
        else:
            self._attack(form)

    def _attack(self, form: Form) -> None:
        """Hostile first, so that a form that is gone after a good answer has been tried; then as a person."""
        typist = self.found.typist
        for one in form.fields:
            self._by_kind.setdefault(one.kind, []).append(form)
        for turn in range(self.rounds):
            everything = turn % 2 == 1 or not any(map(is_typed, form.fields))
            self._post_hostile(form, everything=everything)
        answer = self._post(form, list(typist.harmless(form)))
        self._read(form.action, answer)
        if answer.location and (path := _path(answer.location)) not in self._shown:
            self._known.pop(path, None)
            self._queue.append((path, True))

    def _post_hostile(self, form: Form, *, everything: bool) -> bool:
        """Post hostile values; tell whether they met a form that was still there."""
        answer = self._post(form, list(self.found.typist.hostile(form, everything=everything)))
        if answer.status_code in NOT_THERE:
            self.found.typist.take_back()
        return answer.status_code not in NOT_THERE

    def _ask_at(self, rule: Rule, method: str, value: str) -> None:
        parts = {name: quote(value[:300], safe="") or "x" for name in rule.arguments}
        if any(isinstance(kind, IntegerConverter) for kind in rule._converters.values()):
            parts = dict.fromkeys(rule.arguments, "99999999999999999999")
        path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", lambda found: parts[found[1]], rule.rule)
        if method == "GET":
            query = urlencode(dict.fromkeys(("q", "day", "from", "page", "next"), value))
            self._get(f"{path}?{query}")
        else:
            self._post(Form(path, [Field("csrf_token", "hidden")]), [("csrf_token", "")])

    # -- asking and judging ------------------------------------------------------------------------

    def _get(self, path: str) -> TestResponse:
        self.found.pages += 1
        start = time.thread_time()
        answer = self._client.get(path)
        self._time("GET", path, start)
        return self._judge("GET", path, answer)

    def _post(self, form: Form, typed: Typed) -> TestResponse:
        self.found.posts += 1
        token = self._tokens.get(_is_staff(form.action), "")
        typed = [(name, token if name == "csrf_token" else value) for name, value in typed]
        start = time.thread_time()
        if any(isinstance(value, tuple) for _, value in typed):
            answer = self._client.post(form.action, data=multipart(typed))
        else:
            kind = "application/x-www-form-urlencoded"
            answer = self._client.post(form.action, data=urlencoded(typed), content_type=kind)
        self._time("POST", form.action, start)
        self._judge("POST", form.action, answer, typed)
        view, _ = self._view(form.action, "POST")
        self.found.answers.setdefault(view, Counter())[answer.status_code] += 1
        if answer.location:
            self._queue.append((_path(answer.location), False))
        if self._is_sign_in(answer):
            self._fresh(form.action)
        return answer

    def _time(self, method: str, path: str, start: float) -> None:
        if (seconds := time.thread_time() - start) > SLOW:
            self.found.faults.append(f"{self.role} {method} {path[:120]} took {seconds:.0f} s")

    def _fresh(self, path: str) -> None:
        """Take the walker's browser anew, and read a page of that side of the site for its token."""
        self._client = self.city.browser(self.role)
        doors = {"anonymous": "/sign-in/mail", "resident": "/account/close", "staff": "/staff/absence"}
        door = "/staff/sign-in" if self._walker.side == "anonymous" and _is_staff(path) else ""
        self._get(door or self._walker.door or doors[self._walker.side])

    def _judge(
        self, method: str, path: str, answer: TestResponse, typed: Typed | None = None
    ) -> TestResponse:
        where = f"{self.role} {method} {path[:120]}: {answer.status_code}"
        self.found.judge(where, answer, f" {str(typed)[:600]}" if typed else "")
        if answer.mimetype == "text/html" and (token := TOKEN.search(answer.text)):
            self._tokens[_is_staff(path)] = token[1]
        return answer

    def _is_sign_in(self, answer: TestResponse) -> bool:
        signs_in = answer.location is not None and _path(answer.location).split("?")[0].endswith("/sign-in")
        return signs_in and self._walker.side != "anonymous"

    # -- addresses ---------------------------------------------------------------------------------

    def _seeds(self) -> list[str]:
        plain = [rule.rule for rule, method in self._rules() if method == "GET" and not rule.arguments]
        return [*self._walker.seeds, *(plain if self._walker.roams else [])]

    def _rules(self) -> Iterator[tuple[Rule, str]]:
        for rule in self.city.app.url_map.iter_rules():
            if self._is_mine(rule.endpoint):
                for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                    yield rule, method

    def _view(self, path: str, method: str) -> tuple[str, dict[str, Any]]:
        """Return the endpoint of an address this walker may use, and its parts; or nothing."""
        try:
            endpoint, values = self._routes.match(urlsplit(path).path, method=method)
        except (HTTPException, RequestRedirect):
            return "", {}
        return (str(endpoint), dict(values)) if self._is_mine(endpoint) else ("", {})

    def _is_mine(self, endpoint: str) -> bool:
        """Tell whether a view is this walker's; that nobody else gets in is shown by the permission matrix."""
        guard = guard_of(self.city.app.view_functions[endpoint])
        if guard is None or guard.kind == "callback":
            return False
        if self._walker.side == "staff":
            return endpoint.startswith("staff.") and self._may(guard)
        is_door = self._walker.side == "anonymous" and guard.kind == "public"
        return is_door or not endpoint.startswith("staff.")

    def _may(self, guard: Guard) -> bool:
        held = ROLES[self._walker.role].permissions if self._walker.role else frozenset()
        return guard.kind != "staff" or bool(held & set(guard.permissions))


def _is_kept(kind: str) -> bool:
    """Tell whether only a post with everything hostile reaches this kind of field."""
    return not is_typed(Field("", kind))


def _is_staff(path: str) -> bool:
    return path == "/staff" or path.startswith("/staff/")


def _path(location: str) -> str:
    parts = urlsplit(location)
    return parts.path + (f"?{parts.query}" if parts.query else "")
