"""Keys change while the site runs: everything stays readable before, during, after, and after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, select, text, type_coerce

from tests.casework_office import open_office
from tests.conftest import TEST_KEYS
from webapp import clock
from webapp import db as webapp_db
from webapp.db import Database
from webapp.identity.models import Resident
from webapp.jobs import rotate_keys

OLD, NEW = TEST_KEYS, [("new", bytes(range(32, 64))), *TEST_KEYS]
SCRIPT = """
import sys, time
from tests.conftest import TEST_KEYS
from webapp import db, wiring
from webapp.jobs import rotate_keys
wiring.metadata()
db.use_keys([("new", bytes(range(32, 64))), *TEST_KEYS])
real = rotate_keys._one_batch
def one_batch(session, sealed, size):
    done = real(session, sealed, size)
    session.commit()
    if done:
        print("batch", flush=True)
        time.sleep(0.05)
    return done
rotate_keys._one_batch = one_batch
rotate_keys.rotate(db.Database(sys.argv[1]), batch=4)
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


def everything(database: Database) -> dict[str, bytes]:
    """Every sealed value of every table, opened with whatever key it has."""
    found = {}
    with database.reading() as session:
        for one in rotate_keys.sealed_columns():
            rows = session.execute(select(one.key, type_coerce(one.column, LargeBinary)))
            for key, raw in rows:
                if raw is not None:
                    found[f"{one.table.name}.{one.column.name}:{key}"] = webapp_db.keyring().open(bytes(raw))
    return found


def start_rotating(database: Database) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, database.url], stdout=subprocess.PIPE, text=True, env=environment
    )


@pytest.mark.slow
def test_kills_in_the_middle_and_people_who_write_meanwhile_lose_nothing(
    database: Database, tmp_path: Path
) -> None:
    """The rotation is killed twice between two of its batches, while a living site reads and writes."""
    office = open_office(database, tmp_path)
    webapp_db.use_keys(OLD)  # the office came with its own
    office.submit()
    fill(database, 60)
    before = everything(database)
    assert len({name.partition(":")[0] for name in before}) >= 6, "more than one table is at stake"
    webapp_db.use_keys(NEW)
    at_first, written, now = left(database), set(), before
    for round_number in (1, 2):
        worker = start_rotating(database)
        assert worker.stdout
        for _ in range(3):
            assert worker.stdout.readline() == "batch\n"
        worker.send_signal(signal.SIGKILL)
        assert worker.wait() == -signal.SIGKILL
        worker.stdout.close()
        assert 0 < left(database) < at_first, "killed in the middle: some values have the new key, some not"
        assert everything(database) == now
        with database.transaction() as session:
            changed = session.scalars(select(Resident).order_by(Resident.id.desc()).limit(round_number))
            for one in changed:
                one.profile = {"name": f"変更{round_number}"}
                written.add(f"resident.profile:{one.id}")
        now = everything(database)
    assert rotate_keys.rotate(database) > 0
    webapp_db.use_keys(NEW[:1])
    assert left(database) == 0
    assert everything(database) == now
    assert {name for name in now if now[name] != before[name]} == written


def test_a_value_that_cannot_be_read_is_noticed(database: Database) -> None:
    """The control of the proof above: a key that is gone makes reading fail, it gives no empty answer."""
    fill(database, 1)
    webapp_db.use_keys(NEW[:1])
    with pytest.raises(KeyError):
        everything(database)
