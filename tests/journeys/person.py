"""A person at a browser: what they do in their own words, and what must hold on every screen they reach."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, TimeoutError, expect

AXE = Axe()
ONLY_FAULTS = {"resultTypes": ["violations"]}  # every rule runs; what passed is not described
EXPECTED_STATUS = re.compile(r"Failed to load resource: the server responded with a status of (4\d\d|503)")
NUMBERS = re.compile(r"/(\d{2}-\d{4}-\d{4}|[A-Za-z0-9_-]{16,}|\d+)(?=/|$)")
SETTLE_MS = 10_000
QUIET_MS = 150
UPDATE_UNDER_WAY = ".htmx-request, .htmx-swapping, .htmx-settling"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Person:
    """Wraps a page: every screen is looked at by axe, and no console or CSP error is let pass."""

    def __init__(
        self,
        context: BrowserContext,
        base_url: str,
        *,
        width: int = 390,
        mirror: BrowserContext,
        javascript: bool = True,
    ) -> None:
        self.context = context
        self.base_url = base_url
        self.width = width
        self.mirror = mirror
        """Where axe looks at pages that it cannot look at in this person's own browser."""
        self.javascript = javascript
        self.reads_all_languages = False
        """Whether axe also looks at each page this resident reads in the two other languages."""
        self.page: Page = context.new_page()
        self.page.set_default_timeout(SETTLE_MS)
        self.errors: list[str] = []
        self.seen: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.errors.append(f"script: {error}"))

    # -- what a person does -----------------------------------------------------------------

    def goto(self, path: str) -> None:
        """Open an address of the city."""
        self.page.goto(path if path.startswith("http") else self.base_url + path)
        self.look()

    def press(self, name: str | re.Pattern[str], *, nth: int = 0) -> None:
        """Press the button or link of this name (part of the name is enough)."""
        target = self._named(name).nth(nth)
        try:
            target.wait_for(state="visible", timeout=5000)
        except TimeoutError:
            offered = self.page.locator("button:visible, main a:visible").all_inner_texts()
            raise AssertionError(f"no {name!r} on {self.page.url}; there are {offered}") from None
        target.click()
        self.look()

    def fill(self, label: str, value: str, *, exact: bool = False) -> None:
        """Type into the field of this label and leave it."""
        field = self.page.get_by_label(label, exact=exact).first
        field.fill(value)
        field.blur()
        self.settle()

    def choose(self, name: str, *, within: str | None = None) -> None:
        """Take a radio button or checkbox by its words; ``within`` is the words of its question."""
        place = self.page.get_by_role("group", name=within) if within else self.page
        option = place.get_by_label(name).first
        option.check(force=True)
        self.settle()

    def select(self, label: str, option: str) -> None:
        """Take an option of a list."""
        self.page.get_by_label(label).first.select_option(label=option)
        self.settle()

    def attach(self, label: str, *files: Path) -> None:
        """Give files to the file question of this label."""
        self.page.get_by_label(label).first.set_input_files([str(file) for file in files])
        self.settle()

    # -- what a person sees -----------------------------------------------------------------

    def sees(self, text: str | re.Pattern[str]) -> None:
        """The text is on the screen."""
        try:
            self.page.get_by_text(text).first.wait_for(state="visible", timeout=5000)
        except TimeoutError:
            raise AssertionError(f"{text!r} is not on {self.page.url}:\n{self.text()[:2500]}") from None

    def does_not_see(self, text: str) -> None:
        """The text is nowhere on the screen."""
        expect(self.page.get_by_text(text)).to_have_count(0)

    def heading(self) -> str:
        """The words of the page's main heading."""
        return self.page.locator("h1").inner_text()

    def text(self) -> str:
        """Everything the page says."""
        return self.page.locator("body").inner_text()

    def shot(self, path: Path, *, full: bool = True) -> None:
        """Take a picture."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(path), full_page=full)

    # -- what must hold ----------------------------------------------------------------------

    def settle(self) -> None:
        """Wait until the page and its partial updates are quiet."""
        self.page.wait_for_timeout(QUIET_MS)
        self.page.wait_for_load_state("load")
        self.page.locator(UPDATE_UNDER_WAY).first.wait_for(state="detached")

    def look(self) -> None:
        """Axe finds nothing, the console is silent, nothing sticks out at the side."""
        self.settle()
        where = self.page.url
        if urlsplit(where).netloc != urlsplit(self.base_url).netloc or self._is_paper():
            return
        found = self._violations(where)
        _must_be_clean(found, where)
        wide = self.page.evaluate(TOO_WIDE) if self.javascript else 0
        assert wide <= 1, f"{where} is {wide} px wider than the screen"
        assert not self.errors, f"console on {where}: {self.errors}"
        self._note(where, self.page.locator("html").get_attribute("data-lang") or "ja")
        if self.reads_all_languages and not urlsplit(where).path.startswith(("/staff", "/sandbox")):
            self._look_in_other_languages(where)

    def _violations(self, where: str) -> list[dict[str, Any]]:
        if self.javascript:
            return list(AXE.run(self.page, options=ONLY_FAULTS).response["violations"])
        return self._mirrored(where, self.page.content())

    def _mirrored(self, where: str, html: str) -> list[dict[str, Any]]:
        """What axe finds on a page as it was sent, shown in a browser of its own."""
        page = self.mirror.pages[0] if self.mirror.pages else self.mirror.new_page()  # a page is a process
        page.route(where, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
        page.goto(where)
        found = list(AXE.run(page, options=ONLY_FAULTS).response["violations"])
        page.unroute(where)
        return found

    def _look_in_other_languages(self, where: str) -> None:
        """Fetch the same page in the other languages, without changing what this person reads."""
        cookies = {str(c["name"]): str(c["value"]) for c in self.context.cookies()}
        for lang in ("easy", "en"):
            answer = requests.get(where, cookies={**cookies, "lang": lang}, timeout=30, allow_redirects=False)
            if answer.status_code == 200 and "html" in answer.headers["Content-Type"]:
                assert f'data-lang="{lang}"' in answer.text, where
                _must_be_clean(self._mirrored(where, answer.text), f"{where} ({lang})")
                self._note(where, lang)

    def _is_paper(self) -> bool:
        return self.page.url.endswith(".pdf") or not self.page.locator("html[lang]").count()

    def _note(self, where: str, lang: str) -> None:
        screen = NUMBERS.sub("/*", urlsplit(where).path)
        self.seen.append(screen)
        log = os.environ.get("MADOGUCHI_SCREENS_SEEN")
        if log:
            with Path(log).open("a") as file:
                file.write(json.dumps({"screen": screen, "lang": lang, "width": self.width}) + "\n")

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not EXPECTED_STATUS.search(message.text):
            self.errors.append(message.text)

    def _named(self, name: str | re.Pattern[str]) -> Locator:
        buttons = self.page.get_by_role("button", name=name)
        return buttons.or_(self.page.get_by_role("link", name=name))


def _must_be_clean(found: list[dict[str, Any]], where: str) -> None:
    told = [f"{v['id']}: {v['help']} -> {[n['html'][:160] for n in v['nodes'][:3]]}" for v in found]
    assert not told, f"axe on {where}:\n" + "\n".join(told)
