"""``flask doctor`` is silent about a healthy house and names the part that is unwell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text, update

from integrations.identity import sandbox
from integrations.scanner.clamav import ClamavScanner
from integrations.storage.folder import FolderStorage
from tests.casework_office import Office, open_office
from webapp import clock
from webapp import db as webapp_db
from webapp.db import Database
from webapp.identity.models import Resident
from webapp.jobs import commands, doctor
from webapp.jobs.models import JobRun
from webapp.ports.scanner import Verdict


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    made = open_office(database, tmp_path)
    commands.install(made.app)
    with database.transaction() as session:
        session.add(JobRun(name="relay", slot="1", started_at=clock.now()))
        session.add(Resident(created_at=clock.now(), profile={"name": "見本"}))
    return made


def run(office: Office, **plugs: Any) -> tuple[int, str]:
    office.app.extensions["madoguchi"] = replace(office.services, **plugs)
    done = office.app.test_cli_runner().invoke(args=["doctor"])
    return done.exit_code, done.output


def no_worker(office: Office) -> dict[str, Any]:
    with office.database.transaction() as session:
        session.execute(update(JobRun).values(started_at=clock.now() - timedelta(hours=1)))
    return {}


def older_schema(office: Office) -> dict[str, Any]:
    with office.database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    return {}


def older_key(office: Office) -> dict[str, Any]:
    webapp_db.use_keys([("newer", b"n" * 32), *office.services.settings.answer_keys])
    return {}


def unreachable_provider(_office: Office) -> dict[str, Any]:
    nowhere = "http://127.0.0.1:9"
    plug = sandbox.build_plug(
        base_url=nowhere, internal_url=nowhere, folder=Path(_office.services.settings.data_dir)
    )
    return {"identity": {plug.id: plug}}


def blind_scanner(_office: Office) -> dict[str, Any]:
    return {"scanner": SimpleNamespace(scan=lambda _data: Verdict(True))}


def dead_scanner(_office: Office) -> dict[str, Any]:
    return {"scanner": ClamavScanner("127.0.0.1:1", timeout_s=0.5)}


def no_folder(_office: Office) -> dict[str, Any]:
    return {"storage": FolderStorage(Path("/dev/null/files"))}


def test_a_healthy_house_is_well(office: Office) -> None:
    code, said = run(office)
    assert (code, "WRONG" in said) == (0, False), said
    assert said.count("ok ") == 6


@pytest.mark.parametrize(
    ("harm", "part"),
    [
        (no_worker, "worker"),
        (older_schema, "schema of the database"),
        (older_key, "keys of the answers"),
        (unreachable_provider, "identity digital_agency"),
        (blind_scanner, "virus scanner"),
        (dead_scanner, "virus scanner"),
        (no_folder, "storage"),
    ],
)
def test_the_part_that_is_unwell_is_named(
    office: Office, harm: Callable[[Office], dict[str, Any]], part: str
) -> None:
    try:
        code, said = run(office, **harm(office))
    finally:
        webapp_db.use_keys(office.services.settings.answer_keys)
    wrong = [line for line in said.splitlines() if line.startswith("WRONG")]
    assert code == 1
    assert [line.split(":")[0] for line in wrong] == [f"WRONG {part}"], said


def test_a_clock_that_goes_wrong_is_noticed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor.time.time
    monkeypatch.setattr(doctor.time, "time", lambda: real() + 60)
    assert "WRONG clock" in run(office)[1]
