"""Keys change while the site runs: everything stays readable before, during, after, and after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import select, text

from tests.conftest import TEST_KEYS
from webapp import clock
from webapp import db as webapp_db
from webapp.db import Database
from webapp.identity.models import Resident
from webapp.jobs import rotate_keys

OLD, NEW = TEST_KEYS, [("new", bytes(range(32, 64))), *TEST_KEYS]
SCRIPT = """
import sys
from tests.conftest import TEST_KEYS
from webapp import db, wiring
from webapp.jobs import rotate_keys
wiring.metadata()
db.use_keys([("new", bytes(range(32, 64))), *TEST_KEYS])
print("ready", flush=True)
rotate_keys.rotate(db.Database(sys.argv[1]), batch=2)
print("done", flush=True)
"""


@pytest.fixture(autouse=True)
def _keys() -> Iterator[None]:
    webapp_db.use_keys(OLD)
    yield
    webapp_db.use_keys(OLD)


def fill(database: Database, residents: int) -> None:
    with database.transaction() as session:
        session.add_all(
            Resident(created_at=clock.now(), profile={"name": f"\u9ad9\U00020bb7{number}"})
            for number in range(residents)
        )


def names(database: Database) -> list[str]:
    with database.reading() as session:
        return [row.profile["name"] for row in session.scalars(select(Resident).order_by(Resident.id))]


def left(database: Database) -> int:
    with database.reading() as session:
        return sum(rotate_keys.left(session).values())


def test_everything_is_readable_before_during_and_after(database: Database) -> None:
    fill(database, 7)
    before = names(database)
    webapp_db.use_keys(NEW)
    assert names(database) == before
    column = next(one for one in rotate_keys.sealed_columns() if one.table.name == "resident")
    with database.transaction() as session:
        assert rotate_keys._one_batch(session, column, 3) == 3
    assert names(database) == before
    assert left(database) == 4
    assert rotate_keys.rotate(database) == 4
    assert (names(database), left(database)) == (before, 0)
    webapp_db.use_keys(NEW[:1])
    assert names(database) == before


def test_a_second_run_finds_nothing_to_do(database: Database) -> None:
    fill(database, 3)
    webapp_db.use_keys(NEW)
    rotate_keys.rotate(database)
    assert rotate_keys.rotate(database) == 0


def test_the_database_holds_no_plain_text(database: Database) -> None:
    fill(database, 1)
    with database.reading() as session:
        raw = bytes(session.execute(text("select profile from resident")).scalar_one())
    assert raw.startswith(b"test:")
    assert "\u9ad9".encode() not in raw


@pytest.mark.slow
def test_a_kill_in_between_loses_nothing(database: Database) -> None:
    fill(database, 400)
    before = names(database)
    webapp_db.use_keys(NEW)
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    for patience in (0.01, 0.05):
        worker = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, database.url], stdout=subprocess.PIPE, text=True, env=environment
        )
        assert worker.stdout
        assert worker.stdout.readline() == "ready\n"
        time.sleep(patience)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
        assert names(database) == before
    rotate_keys.rotate(database)
    assert (names(database), left(database)) == (before, 0)
