"""The test client that guards the whole site: every page it fetches is valid, titled, labelled and protected.

It stands in for Flask's own client everywhere (``conftest`` sets it), so no test can forget it.
"""

from __future__ import annotations

import sys
from typing import Any

from flask import g
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import html_check
from webapp.web import transaction

NEEDED_HEADERS = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Permissions-Policy",
)
_close = transaction.close
left_open: list[str] = []


class GuardingClient(FlaskClient):
    """Fails the test when an answer is not fit to be shown, or left changes uncommitted."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        left_open.clear()
        response = super().open(*args, **kwargs)
        is_ours = not response.request.path.startswith("/sandbox/")  # sandboxes play other people's machines
        if (
            is_ours
            and response.mimetype == "text/html"
            and response.status_code not in (301, 302, 303, 307, 308)
        ):
            _check_page(response)
        assert not left_open, f"{response.request.path} left changes uncommitted: {left_open}"
        return response


def _check_page(response: TestResponse) -> None:
    html = response.get_data(as_text=True)
    if response.request.headers.get("HX-Request"):
        html = _framed(html)
    found = html_check.complaints(html)
    where = f"{response.request.method} {response.request.path}"
    assert not found, f"{where}: " + "; ".join(found[:12])
    missing = [name for name in NEEDED_HEADERS if name not in response.headers]
    assert not missing, f"{where} came without {missing}"
    assert "unsafe-inline" not in response.headers["Content-Security-Policy"]


def _framed(fragment: str) -> str:
    """Put a part of a page, as htmx fetches it, into a whole page, so that the same rules hold."""
    if "<html" in fragment:
        return fragment
    return (
        "<!doctype html><html lang=ja><head><title>part</title></head><body><main>"
        f"{fragment if '<h1' in fragment else '<h1>part</h1>' + fragment}</main></body></html>"
    )


def watch() -> None:
    """Notice sessions that are closed with changes nobody committed, unless the view raised."""

    def close() -> None:
        session = g.get("db_session")
        if session is not None and sys.exc_info()[0] is None:
            pending = [*session.new, *session.deleted, *(x for x in session.dirty if session.is_modified(x))]
            left_open.extend(type(thing).__name__ for thing in pending)
        _close()

    transaction.close = close
