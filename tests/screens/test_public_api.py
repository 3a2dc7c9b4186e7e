"""The public API is as its own description says, whatever it is asked."""

from __future__ import annotations

import shutil

import pytest
from flask import Flask, jsonify

from tests.fakes.whole_city import whole_city
from tests.proofs import fuzz
from webapp.web import open_api
from webapp.web.guards import public


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, _template: str) -> Flask:
    folder = tmp_path_factory.mktemp("api")
    shutil.copy(_template.removeprefix("sqlite:///"), folder / "city.sqlite3")
    return whole_city(f"sqlite:///{folder / 'city.sqlite3'}", folder)


@pytest.mark.slow
def test_schemathesis_finds_no_fault_and_finds_a_planted_one(app: Flask) -> None:
    found = fuzz.run(app, examples=25, number=7)
    assert found["failures"] == []
    assert found["requests"] > 100
    fuzz.break_one(app)
    broken = fuzz.run(app, examples=2, number=7)
    assert fuzz.verdict(broken, control=True) == []


def test_every_route_of_the_api_stands_in_the_document(app: Flask) -> None:
    told = app.test_client().get("/api/openapi.json").get_json()
    routes = {open_api.path_of(rule) for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    assert set(told["paths"]) == routes


def test_a_route_without_description_is_named() -> None:
    bare = Flask("bare")
    bare.add_url_rule("/api/new", "new", public(lambda: jsonify(1)))
    with pytest.raises(LookupError, match="/api/new"):
        open_api.document(bare, title="t", server="http://localhost")


def test_errors_of_the_api_are_for_machines(app: Flask) -> None:
    client = app.test_client()
    wrong = client.get("/api/facilities/arena/availability?days=900")
    assert (wrong.status_code, wrong.mimetype) == (422, "application/problem+json")
    assert "days" in wrong.get_json()["detail"]
    assert client.get("/api/facilities/nowhere/availability").mimetype == "application/problem+json"
    assert client.get("/api/facilities/arena/availability?days=1&days=2").status_code == 422


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-13-01", "２０２６-01-01"])
def test_a_day_outside_of_the_calendar_breaks_no_page(app: Flask, day: str) -> None:
    client = app.test_client()
    for page in ("/facilities/arena?from=", "/facilities?day=", "/facilities/arena/rooms/large/when?day="):
        assert client.get(page + day).status_code in (200, 404)
