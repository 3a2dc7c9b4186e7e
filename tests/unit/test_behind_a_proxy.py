"""Behind the city's reverse proxy: what it adds is believed, what a visitor adds to it is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, Response, request

from tests.casework_office import open_office
from webapp.app import create_app
from webapp.db import Database
from webapp.web.guards import public
from webapp.web.place import CONNECTION, network_of

HOST = "madoguchi.city.example.jp"
ADDED = {
    "X-Forwarded-For": "198.51.100.9, 203.0.113.5",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": HOST,
}


def seen() -> Response:
    return Response(f"{request.remote_addr} {request.host_url}", mimetype="text/plain")


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Flask:
    office = open_office(database, tmp_path)
    settings = replace(office.services.settings, base_url=f"https://{HOST}", trusted_proxies=1)
    made = create_app(replace(office.services, settings=settings))
    made.view_functions["resident.information.help"] = public(seen)
    return made


def test_the_visitors_place_is_the_last_one_the_proxy_saw(app: Flask) -> None:
    shown = app.test_client().get("/help", base_url="http://10.0.0.2:8000", headers=ADDED)
    assert shown.text == f"203.0.113.5 https://{HOST}/"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8::1", "2001:db8:0:0:5::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("unknown", "nobody", False),
    ],
)
def test_a_household_is_one_place_however_its_addresses_are_written(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


def test_a_line_is_one_place_whichever_household_of_it_a_script_pretends_to_be() -> None:
    one, other = "2001:db8:0:1::1", "2001:db8:0:2::1"
    assert network_of(one) != network_of(other)
    assert network_of(one, CONNECTION) == network_of(other, CONNECTION)


def test_a_forged_host_does_not_pass_the_proxy(app: Flask) -> None:
    forged = {**ADDED, "X-Forwarded-Host": "evil.example"}
    assert app.test_client().get("/", base_url="http://10.0.0.2:8000", headers=forged).status_code == 400


@pytest.mark.parametrize(
    "path", ["/", "/no-such-page", "/staff/inbox", "/static/css/base.css", "/api/nothing"]
)
def test_pages_errors_redirects_and_files_carry_every_header(app: Flask, path: str) -> None:
    headers = app.test_client().get(path, base_url="http://10.0.0.2:8000", headers=ADDED).headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "microphone=()" in headers["Permissions-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_every_answer_has_a_nonce_of_its_own(app: Flask) -> None:
    client = app.test_client()
    asked = {"base_url": "http://10.0.0.2:8000", "headers": ADDED}
    policies = {client.get("/privacy", **asked).headers["Content-Security-Policy"] for _ in range(3)}  # type: ignore[arg-type]
    assert len(policies) == 3
