"""Fixtures of every test: a database (SQLite or PostgreSQL, by ``--database``), the city, the app."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from webapp import db as webapp_db
from webapp import parsed_files
from webapp.settings import Settings

os.environ.pop("MADOGUCHI_CLOCK_FILE", None)
parsed_files.remember_in(Settings.cache_dir)
TEST_KEYS = [("test", bytes(range(32)))]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.addoption(
        "--line", choices=["on", "off"], default="on", help="browser journeys in a city without LINE"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL runs what touches a database and asks something of it: the rest has run on SQLite already."""
    if config.getoption("--database") != "postgres":
        return
    touching = [
        item
        for item in items
        if "database_url" in getattr(item, "fixturenames", ()) and not item.get_closest_marker("drawn")
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in touching])
    items[:] = touching


@pytest.fixture(scope="session", autouse=True)
def _answer_keys() -> None:
    webapp_db.use_keys(TEST_KEYS)


@pytest.fixture(scope="module", autouse=True)
def _keys_of_a_module() -> Iterator[None]:
    """An office that is set up brings its own keys; they go when what it was set up for has ended."""
    yield from _keys_restored()


@pytest.fixture(autouse=True)
def _keys_of_a_test(_keys_of_a_module: None) -> Iterator[None]:
    yield from _keys_restored()


def _keys_restored() -> Iterator[None]:
    before = list(webapp_db._keyring)
    yield
    webapp_db._keyring[:] = before


@pytest.fixture(scope="session", autouse=True)
def _made_cheaper() -> None:
    """What every test pays for and none asks about: addresses are built when first needed, hashes are light."""
    from tests import cheaper

    cheaper.addresses()
    cheaper.statements()
    cheaper.hashes()


@pytest.fixture
def strong_hashes() -> Iterator[None]:
    """Hash passwords as the city does, for a test that looks at the hashing itself."""
    from tests import cheaper

    with cheaper.real_hashes():
        yield


@pytest.fixture(scope="session", autouse=True)
def _guarding_client() -> None:
    """Every test client of every app is the guarding one."""
    from flask import Flask

    from tests import guarding_client

    Flask.test_client_class = guarding_client.GuardingClient
    guarding_client.watch()


@pytest.fixture
def in_may() -> Iterator[None]:
    """The clock stands still where the sample hall's June can be booked."""
    from tests.fakes.hall import MAY
    from webapp import clock

    with clock.frozen(MAY):
        yield


@pytest.fixture(scope="session")
def worker_name(request: pytest.FixtureRequest) -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory, worker_name: str) -> Iterator[str]:
    from tests import postgres

    with postgres.server() as url:
        yield url


@pytest.fixture(scope="session")
def _template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_name: str
) -> str:
    """A migrated, empty database that every test gets a copy of."""
    from tests.schema import build

    if request.config.getoption("--database") == "postgres":
        from tests import postgres

        server_url = request.getfixturevalue("postgres_server")
        url = postgres.create_database(server_url, f"template_{worker_name}")
        build(url)
        return url
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    build(f"sqlite:///{path}")
    return f"sqlite:///{path}"


@pytest.fixture
def database_url(
    request: pytest.FixtureRequest, _template: str, tmp_path: Path, worker_name: str
) -> Iterator[str]:
    """A fresh, migrated database for one test."""
    if _template.startswith("sqlite"):
        path = tmp_path / "madoguchi.sqlite3"
        shutil.copy(_template.removeprefix("sqlite:///"), path)
        yield f"sqlite:///{path}"
        return
    yield request.getfixturevalue("_scratch").empty()


@pytest.fixture(scope="session")
def _scratch(postgres_server: str, _template: str, worker_name: str) -> Any:
    """The one PostgreSQL database that the tests of a worker take turns in."""
    from tests import postgres

    return postgres.Scratch(postgres_server, f"test_{worker_name}", f"template_{worker_name}")


@pytest.fixture
def database(database_url: str) -> Iterator[webapp_db.Database]:
    opened = webapp_db.Database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def session(database: webapp_db.Database) -> Iterator[Session]:
    """A session whose work is committed when the test ends well."""
    with database.transaction() as opened:
        yield opened
