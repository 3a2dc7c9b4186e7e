"""While the site is being worked on residents read what they can do, and staff and machines go on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.fakes.counter import counter, sign_in


@pytest.fixture
def browser(database_url: str, tmp_path: Path) -> FlaskClient:
    app = counter(database_url, tmp_path)
    client = app.test_client()
    sign_in(app, client)
    services = app.extensions["madoguchi"]
    app.extensions["madoguchi"] = replace(services, settings=replace(services.settings, maintenance=True))
    return client


@pytest.mark.parametrize("path", ["/", "/my", "/procedures", "/no-such-page", "/stafford"])
def test_residents_read_that_it_is_closed_and_whom_to_call(browser: FlaskClient, path: str) -> None:
    page = browser.get(path)
    assert (page.status_code, page.headers["Retry-After"]) == (503, "1800")
    assert "ただいま点検中です" in page.text
    assert 'href="tel:' in page.text


def test_what_is_sent_meanwhile_is_answered_by_the_same_page(browser: FlaskClient) -> None:
    page = browser.post("/my", data={"text": "x"})
    assert page.status_code == 503
    assert "もう一度送られます" in page.text


def test_the_page_speaks_the_readers_language(browser: FlaskClient) -> None:
    assert "Closed for maintenance" in browser.get("/?lang=en").text


def test_the_page_asks_the_database_nothing(browser: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    database = browser.application.extensions["madoguchi"].database
    for name in ("session", "reading", "transaction"):
        monkeypatch.setattr(database, name, None)
    assert browser.get("/my").status_code == 503


@pytest.mark.parametrize("path", ["/staff/sign-in", "/healthz", "/readyz", "/static/favicon.svg"])
def test_staff_and_machines_go_on(browser: FlaskClient, path: str) -> None:
    assert browser.get(path).status_code == 200
