"""Migrations go up, agree with the models, go down to nothing, and up again; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from tests import postgres
from webapp.db import Database
from webapp.wiring import metadata

ROOT = Path(__file__).resolve().parent.parent


def config_for(database: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["engine"] = database.engine
    return config


@pytest.fixture
def empty(
    request: pytest.FixtureRequest, tmp_path: Path, worker_name: str, database_url: str
) -> Iterator[Database]:
    """A database without any table, of the kind this run tests."""
    if database_url.startswith("sqlite"):
        url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    else:
        server = request.getfixturevalue("postgres_server")
        url = postgres.create_database(server, f"empty_{worker_name}")
    opened = Database(url)
    yield opened
    opened.dispose()


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def test_up_compare_down_up(empty: Database) -> None:
    config = config_for(empty)
    command.upgrade(config, "head")
    assert tables(empty) == set(metadata().tables)
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata()) == []
    command.downgrade(config, "base")
    assert tables(empty) == set()
    command.upgrade(config, "head")
    assert tables(empty) == set(metadata().tables)


def test_every_step_goes_down_and_up_again(empty: Database) -> None:
    config = config_for(empty)
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    for revision in revisions:
        command.upgrade(config, revision)
        command.downgrade(config, "-1")
        command.upgrade(config, revision)


def test_revisions_are_one_numbered_line() -> None:
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    numbers = [script.revision for script in scripts.walk_revisions()][::-1]
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
    assert len(scripts.get_heads()) == 1
