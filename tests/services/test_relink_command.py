"""``flask identity relink``: a dry run first, all or nothing, and the same account afterwards."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from tests.casework_office import open_office
from webapp import clock
from webapp.audit import AuditEntry
from webapp.db import Database
from webapp.identity import residents
from webapp.jobs.identity_commands import identity_group
from webapp.ports.identity import Assertion, Level

OLD, NEW = "https://old.example", "https://new.example"


def proof(issuer: str, subject: str) -> Assertion:
    return Assertion("digital_agency", issuer, subject, Level.CARD, clock.now(), name=subject)


def test_accounts_follow_their_new_subjects(database: Database, tmp_path: Path) -> None:
    office = open_office(database, tmp_path)
    with database.transaction() as session:
        numbers = [residents.sign_in(session, proof(OLD, name)).id for name in ("a", "b")]
    options = ["--old-issuer", OLD, "--new-issuer", NEW, "--reason", "契約の変更"]
    runner = office.app.test_cli_runner()

    def run(text: str, *more: str) -> tuple[int, str]:
        listed = tmp_path / "subjects.csv"
        listed.write_text(text)
        result = runner.invoke(identity_group, ["relink", str(listed), *options, *more])
        return result.exit_code, result.output

    assert run("a,A\nb,B\n") == (0, "2 accounts could be moved\n")
    code, said = run("a,A\nb,A\nc,C\n", "--apply")
    assert code == 1
    assert "lines 3: not known" in said
    assert "lines 2: taken or listed twice" in said
    assert run("a,A\nb,B\n", "--apply") == (0, "2 accounts moved\n")
    with database.transaction() as session:
        assert [residents.sign_in(session, proof(NEW, name)).id for name in ("A", "B")] == numbers
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "resident.relink")).one()
        assert noted.details["moved"] == 2
