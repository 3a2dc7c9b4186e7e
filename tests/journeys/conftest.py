"""The running city and the browser of the journeys."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.city import RunningCity, running
from tests.journeys.person import Person

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=ja",
]


def chromium() -> str:
    """Return the machine's Chromium; dev.py has seen to it that there is one."""
    found = os.environ.get("MADOGUCHI_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        raise RuntimeError("no Chromium: run python3 dev.py test, which installs it")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield opened
        opened.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With LINE off, what needs a phone is left out; test_line_off.py shows what takes its place."""
    if config.getoption("--line") == "off":
        needs = [item for item in items if item.get_closest_marker("needs_line")]
        config.hook.pytest_deselected(items=needs)
        items[:] = [item for item in items if item not in needs]


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[RunningCity]:
    settings = {"MADOGUCHI_LINE": "off"} if request.config.getoption("--line") == "off" else {}
    with running(tmp_path_factory.mktemp("city"), **settings) as started:
        yield started


@pytest.fixture
def enter(browser: Browser, city: RunningCity) -> Iterator[Callable[..., Person]]:
    """Make persons: ``enter()`` is a resident on a phone, ``enter(width=1280)`` sits at a desk."""
    contexts = []

    def make(*, width: int = 390, height: int = 0, javascript: bool = True, **options: Any) -> Person:
        shape = {"width": width, "height": height or (844 if width < 600 else 900)}
        context = browser.new_context(
            viewport=shape,
            locale="ja-JP",
            timezone_id="Asia/Tokyo",
            java_script_enabled=javascript,
            accept_downloads=True,
            **options,
        )
        contexts.append(context)
        mirror = browser.new_context(viewport=shape)
        contexts.append(mirror)
        return Person(context, city.url, width=width, mirror=mirror, javascript=javascript)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def phone(enter: Callable[..., Person]) -> Person:
    return enter()


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """A small PDF to attach."""
    path = tmp_path / "paper.pdf"
    path.write_bytes(
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )
    return path
