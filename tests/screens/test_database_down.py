"""When the database does not answer, every door stays shut and says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from tests.casework_office import Office, open_office
from webapp.db import Database


@pytest.fixture
def office(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = open_office(database, tmp_path)
    made.reference = made.submit()  # type: ignore[attr-defined]

    def down(*_: object, **__: object) -> None:
        raise OperationalError("connect", {}, OSError("down"))

    made.app.config["TESTING"] = False  # as in production: an error becomes a page
    made.officer = made.client()  # type: ignore[attr-defined]
    for sessions in ("_sessions", "_readers"):
        monkeypatch.setattr(made.services.database, sessions, down)
    return made


def test_nothing_is_shown_and_nothing_is_open(office: Office) -> None:
    reference = office.reference  # type: ignore[attr-defined]
    for page in ("/staff/inbox", f"/staff/cases/{reference}", "/my", f"/cases/{reference}", "/readyz"):
        answer = office.officer.get(page)  # type: ignore[attr-defined]
        assert answer.status_code == 503, page
        assert "髙橋" not in answer.text
        assert "connect" not in answer.text
    assert office.app.test_client().get("/healthz").status_code == 200, "the process itself is alive"
