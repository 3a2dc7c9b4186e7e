"""Steps that need two people: nobody grants, erases or takes many cases away alone."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tests.casework_office import Office, open_office, post
from webapp import clock
from webapp.audit import SYSTEM, AuditEntry
from webapp.casework.models import Case
from webapp.db import Database
from webapp.identity import four_eyes, staff_accounts
from webapp.identity.models import Staff, WebSession
from webapp.identity.staff_models import Approval

PAGE = "/staff/approvals"


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    made = open_office(database, tmp_path)
    with database.transaction() as session:
        for login in ("kanri1", "kanri2"):
            staff_accounts.create(
                session,
                login=login,
                name=f"管理 {login}",
                department="citizen",
                roles=["admin@*"],
                actor=SYSTEM,
            )
    return made


def roles(office: Office, login: str) -> list[str]:
    with office.database.reading() as session:
        return office.staff(session, login).roles


def grant(office: Office, admin: FlaskClient, login: str, *held: str, role: str, scope: str) -> None:
    with office.database.reading() as session:
        page = f"/staff/accounts/{office.staff(session, login).id}"
    typed = {"name": "担当 太郎", "department": "citizen", "roles": list(held)}
    assert post(admin, page, page, **typed, add_role=role, add_scope=scope).status_code == 303


def decide(client: FlaskClient, answer: str = "approve") -> int:
    """Press the button of the first request on the page; 404 when there is none."""
    found = re.search(r'action="(/staff/approvals/\d+)"', client.get(PAGE).text)
    return post(client, PAGE, found[1], answer=answer).status_code if found else 404


def test_a_role_is_given_by_two_and_taken_by_one(office: Office) -> None:
    first, second = office.client("kanri1"), office.client("kanri2")
    held = roles(office, "tanto")
    grant(office, first, "tanto", *held, role="reviewer", scope="tax")
    assert roles(office, "tanto") == held
    assert decide(first) == 404
    assert "reviewer" not in first.get(PAGE).text
    assert "審査" in second.get(PAGE).text
    assert decide(second) == 303
    assert roles(office, "tanto") == sorted([*held, "reviewer@tax"])
    grant(office, first, "tanto", "reviewer@citizen", role="", scope="")
    assert "reviewer@tax" not in roles(office, "tanto")


def test_a_new_account_has_no_roles_until_a_second_person_says_so(office: Office) -> None:
    page = "/staff/accounts/new"
    typed = {"login": "atarashii", "name": "新人", "department": "tax", "add_role": "admin", "add_scope": "*"}
    assert post(office.client("kanri1"), page, page, **typed).status_code == 303
    assert roles(office, "atarashii") == []
    assert decide(office.client("kanri2"), "refuse") == 303
    assert roles(office, "atarashii") == []


def test_the_only_other_eyes_cannot_be_closed_alone(office: Office) -> None:
    grant(office, office.client("kanri1"), "kanri2", role="statistics", scope="*")
    assert roles(office, "kanri2") == ["admin@*"]


def test_an_approver_of_one_department_decides_nothing_for_the_whole_city(office: Office) -> None:
    grant(office, office.client("kanri1"), "zeimu", *roles(office, "zeimu"), role="auditor", scope="*")
    with office.database.reading() as session:
        number = session.scalars(select(Approval.id)).one()
    chief = office.client("kacho")
    assert decide(chief) == 404
    page = chief.get(PAGE)
    assert post(chief, PAGE, f"{PAGE}/{number}", answer="approve").status_code == 403, page.text
    assert "auditor@*" not in roles(office, "zeimu")


def test_many_cases_leave_the_house_with_a_second_persons_consent_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(four_eyes, "BULK", 1)
    references = [office.submit(), office.submit()]
    wish = {"reference": references, "format": "csv", "column": ["reference"]}
    officer, chief = office.client("tanto"), office.client("kacho")
    page, url = "/staff/inbox", "/staff/export/file"
    assert post(officer, page, url, **wish).status_code == 422
    assert post(officer, page, url, **wish, reason="年度の報告").headers["Location"] == PAGE
    assert decide(officer) == 404
    assert decide(chief) == 303
    assert "書き出す" in officer.get(PAGE).text
    other = {**wish, "column": ["reference", "contact.name"]}
    assert post(officer, page, url, **other).status_code == 422, "another content needs another consent"
    taken = post(officer, page, url, **wish)
    assert taken.mimetype == "text/csv"
    assert references[0] in taken.text
    assert post(officer, page, url, **wish).status_code == 422, "once"


def test_erasing_waits_for_a_second_person_and_for_the_same_cases(office: Office) -> None:
    reference = office.submit()
    past = clock.today() - timedelta(days=1)
    with office.database.transaction() as session:
        closed = {"closed_at": clock.now(), "status": "completed", "retain_until": past}
        session.execute(update(Case).where(Case.reference == reference).values(**closed))
    page = "/staff/retention"
    assert post(office.client("kanri1"), page, page, _action="run", sure="yes").status_code == 303
    with office.database.reading() as session:
        assert office.case(session, reference)
    assert decide(office.client("kanri2")) == 303
    with office.database.reading() as session:
        assert session.scalar(select(Case).where(Case.reference == reference)) is None


def test_where_nobody_else_may_approve_the_step_goes_ahead_on_record(office: Office) -> None:
    with office.database.transaction() as session:
        session.execute(update(Staff).where(Staff.login == "kanri2").values(roles=["statistics@*"]))
    held = roles(office, "tanto")
    grant(office, office.client("kanri1"), "tanto", *held, role="reviewer", scope="tax")
    assert "reviewer@tax" in roles(office, "tanto")
    with office.database.reading() as session:
        assert session.scalar(select(AuditEntry).where(AuditEntry.action == "approval.alone")) is not None


def test_a_decision_asks_for_the_password_when_it_was_given_long_ago(office: Office) -> None:
    grant(office, office.client("kanri1"), "tanto", *roles(office, "tanto"), role="reviewer", scope="tax")
    second = office.client("kanri2")
    with office.database.transaction() as session:
        old = clock.now() - timedelta(minutes=16)
        session.execute(update(WebSession).where(WebSession.side == "staff").values(authenticated_at=old))
    found = re.search(r'action="(/staff/approvals/\d+)"', second.get(PAGE).text)
    assert found
    assert "confirm" in post(second, PAGE, found[1], answer="approve").headers["Location"]
    assert "reviewer@tax" not in roles(office, "tanto")
