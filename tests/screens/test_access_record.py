"""Residents see which department opened their case; a lawful shield hides it, and is on record."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from tests.casework_office import boxes, open_office, post
from webapp import clock
from webapp.audit import AuditEntry
from webapp.db import Database
from webapp.identity import access_record


def test_a_resident_sees_the_department_and_a_shield_hides_it(database: Database, tmp_path: Path) -> None:
    office = open_office(database, tmp_path)
    reference = office.submit()
    officer = office.client("tanto")
    officer.get(f"/staff/cases/{reference}")
    with database.reading() as session:
        case_id = office.case(session, reference).id
        seen = access_record.of_case(session, case_id)
        assert [(one.department, one.day) for one in seen] == [("citizen", clock.today())]
    page = f"/staff/cases/{reference}/shield"
    assert post(officer, page, page, reason="", **boxes("until", clock.today())).status_code == 422
    until = clock.today() + timedelta(days=5)
    assert post(officer, page, page, reason="刑事訴訟法197条", **boxes("until", until)).status_code == 303
    with database.reading() as session:
        assert access_record.of_case(session, case_id) == []
        actions = set(session.scalars(select(AuditEntry.action)))
        assert "access.shield" in actions
        with clock.frozen(clock.now() + timedelta(days=7)):
            assert access_record.of_case(session, case_id)
    post(officer, page, page, step="lift")
    with database.reading() as session:
        assert access_record.of_case(session, case_id)


def test_nobody_else_sees_the_record(database: Database, tmp_path: Path) -> None:
    office = open_office(database, tmp_path)
    assert office.app.test_client().get(f"/cases/{office.submit()}/access").status_code == 404
