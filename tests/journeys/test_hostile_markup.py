"""Markup that was sent in is shown as text wherever it comes up: no script runs, and none even tries to."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from tests.proofs import hostile
from tests.proofs.crawl_city import furnish, strict
from tests.proofs.crawl_found import Found
from tests.proofs.crawl_town import CrawlCity
from tests.proofs.crawl_typing import Typist
from tests.proofs.crawler import Crawler
from webapp.web.sessions import COOKIES

WRITERS = ("anonymous", "resident", "reviewer", "publicist", "admin")
READERS = {
    "reviewer": ("/staff/inbox", "/staff/cases/*", "/staff/enter", "/staff/cases/*/supplement"),
    "approver": ("/staff/broadcasts/*", "/staff/cases/*", "/staff/approvals"),
    "cashier": ("/staff/payments/*", "/staff/refunds/*"),
    "facility": ("/staff/facilities/applications/*", "/staff/facilities/*/closures"),
    "admin": ("/staff/accounts/", "/staff/delivery"),
    "auditor": ("/staff/audit",),
    "resident": ("/my", "/cases/*", "/cases/*/correct", "/booking/*", "/account/", "/mandates/offers/*"),
}
"""Pages to look at; ``*`` stands for two of the addresses the city has for this role."""
SPY = f"window.{hostile.MARK} = what => {{ console.error('ALIVE ' + what) }}"


@pytest.fixture
def city(tmp_path: Path, _template: str) -> Iterator[CrawlCity]:
    """A city in which people with bad intentions have filled in every form."""
    shutil.copy(_template.removeprefix("sqlite:///"), tmp_path / "city.sqlite3")
    with strict():
        made = furnish(f"sqlite:///{tmp_path / 'city.sqlite3'}", tmp_path)
        found = Found(Typist(hostile.MARKUP))
        for role in WRITERS:
            Crawler(made, role, found, rounds=2, most=1).walk(to_the_end=False)
        assert found.faults == []
        yield made


@pytest.fixture
def url(city: CrawlCity) -> Iterator[str]:
    server = make_server("localhost", 0, city.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()


@pytest.mark.journey
def test_nothing_that_was_typed_is_executed(browser: Browser, city: CrawlCity, url: str) -> None:
    heard: list[str] = []
    shown = 0
    for role, starts in READERS.items():
        context = entered(browser, city, url, role)
        page = context.new_page()
        page.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
        page.on("dialog", lambda dialog: (heard.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: heard.append(f"script: {error}"))
        for path in paths(city, role, starts):
            page.goto(url + path)
            shown += hostile.MARK in page.content()
            awaken(page)
        context.close()
    assert_the_spy_sees(browser)
    bad = [line for line in heard if "ALIVE" in line or "Content Security Policy" in line or "dialog" in line]
    assert bad == []
    assert shown >= 5, "the hostile words stand on these pages, so the check looks at something"


def assert_the_spy_sees(browser: Browser) -> None:
    """The same words in a page that does not escape them are noticed."""
    context = browser.new_context()
    context.add_init_script(SPY)
    page = context.new_page()
    with page.expect_console_message(lambda message: "ALIVE" in message.text, timeout=5000):
        page.goto(f"data:text/html,{hostile.MARKUP[0]}")
    context.close()


def entered(browser: Browser, city: CrawlCity, url: str, role: str) -> BrowserContext:
    """A browser with this role's session, which would notice a script of ours."""
    context = browser.new_context()
    side = "resident" if role == "resident" else "staff"
    token = city.browser(role).get_cookie(COOKIES[side])
    assert token is not None
    context.add_cookies([{"name": COOKIES[side], "value": token.value, "url": url}])
    context.add_init_script(SPY)
    return context


def paths(city: CrawlCity, role: str, starts: tuple[str, ...]) -> list[str]:
    """The pages to look at."""
    found = []
    for start in starts:
        shape = re.compile(re.escape(start).replace(r"\*", r"[\w-]+"))
        named = [path for path in city.walkers[role].seeds if shape.fullmatch(path)][:2]
        assert named or "*" not in start, f"the city has no {start}"
        found += named if "*" in start else [start]
    return found


def awaken(page: Page) -> None:
    """Do what sets handlers off: point at, focus and follow every thing that carries the mark."""
    page.evaluate(
        """() => document.querySelectorAll('a, input, textarea, img, svg, [onmouseover], [autofocus]')
             .forEach(one => { one.dispatchEvent(new Event('mouseover', {bubbles: true})); one.focus?.() })"""
    )
    leads = [
        urlsplit(one or "").scheme for one in page.eval_on_selector_all("a", "all => all.map(a => a.href)")
    ]
    assert "javascript" not in leads
