"""The doctor finds what keeps an installation from serving, and says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from integrations.identity import sandbox
from tests.casework_office import Office, open_office
from webapp import clock
from webapp import db as webapp_db
from webapp.db import Database
from webapp.identity.models import Resident
from webapp.jobs.doctor import Finding, examine
from webapp.jobs.models import JobRun
from webapp.ports.scanner import ScannerUnavailable, Verdict
from webapp.ports.storage import StorageError


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    office = open_office(database, tmp_path)
    yield office
    office.services.database.dispose()


def found(office: Office, **changes: object) -> dict[str, Finding]:
    services = replace(office.services, **changes)  # type: ignore[arg-type]
    return {one.subject: one for one in examine(services, {})}


def test_a_worker_that_has_stopped_is_found_and_a_running_one_is_not(office: Office) -> None:
    assert "has never run" in found(office)["worker"].words
    with office.database.transaction() as session:
        session.add(JobRun(name="broadcasts", slot="1", started_at=clock.now() - timedelta(minutes=1)))
        session.add(JobRun(name="retention", slot="2", started_at=clock.now(), result="failed: ValueError"))
    seen = found(office)
    assert seen["worker"].level == "ok"
    assert seen["job retention"].level == "look"
    with clock.frozen(clock.now() + timedelta(minutes=7)):
        assert found(office)["worker"].level == "bad"


def test_a_storage_and_a_scanner_that_refuse_are_found(office: Office) -> None:
    class Full:
        def put(self, key: str, data: bytes, content_type: str) -> None:
            raise StorageError("disk full")

    class Gone:
        def scan(self, data: bytes) -> Verdict:
            raise ScannerUnavailable("no clamd")

    seen = found(office, storage=Full(), scanner=Gone())
    assert seen["file storage"].level == "bad" and "disk full" in seen["file storage"].words
    assert seen["virus scanner"].level == "bad"
    assert found(office)["virus scanner"].level == "ok"


def test_a_scanner_that_finds_nothing_is_found(office: Office) -> None:
    class Blind:
        def scan(self, data: bytes) -> Verdict:
            return Verdict(True)

    assert "EICAR" in found(office, scanner=Blind())["virus scanner"].words


def test_an_identity_provider_that_does_not_answer_is_found(office: Office, tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    plug = sandbox.build_plug(base_url=nowhere, internal_url=nowhere, folder=tmp_path)
    assert found(office, identity={plug.id: plug})[f"identity {plug.id}"].level == "bad"


def test_values_under_an_older_key_are_found(office: Office) -> None:
    with office.database.transaction() as session:
        session.add(Resident(created_at=clock.now(), profile={"name": "見本"}))
    assert found(office)["answer keys"].level == "ok"
    try:
        webapp_db.use_keys([("newer", b"n" * 32), *office.services.settings.answer_keys])
        assert "flask keys rotate" in found(office)["answer keys"].words
    finally:
        webapp_db.use_keys(office.services.settings.answer_keys)


def test_a_folder_that_cannot_be_written_is_found(office: Office, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = replace(office.services.settings, data_dir=tmp_path / "file" / "below")
    assert found(office, settings=settings)["data folder"].level == "bad"


def test_sqlite_is_for_trying_only(office: Office) -> None:
    settings = replace(office.services.settings, mode="production")
    level = found(office, settings=settings)["database"].level
    assert level == ("bad" if office.database.is_sqlite else "ok")


def test_a_secret_that_everybody_can_read_is_found(office: Office, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    for mode, expected in ((0o644, True), (0o600, False)):
        secret.chmod(mode)
        seen = {one.subject for one in examine(office.services, {"MADOGUCHI_SECRET_KEY_FILE": str(secret)})}
        assert ("MADOGUCHI_SECRET_KEY_FILE" in seen) == expected
