"""A backup is restored: what was taken away after it was made is taken away again, and nothing is given."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.casework_office import VISITOR, Office, open_office
from webapp import clock
from webapp.audit import SYSTEM
from webapp.casework.models import Case
from webapp.db import Database, new_token
from webapp.identity import mandates, protection, residents, staff_accounts
from webapp.identity.mandate_models import Mandate
from webapp.identity.models import Resident, Staff
from webapp.intake import drafts
from webapp.intake.models import AnswerSheet, Draft
from webapp.jobs import casework, commands
from webapp.resident import account_data


@pytest.fixture
def office(_template: str, tmp_path: Path) -> Office:
    """On a database that is a file: copying it is the backup."""
    if not _template.startswith("sqlite"):
        pytest.skip("a backup of PostgreSQL is pg_dump's matter; what is repeated is the same code")
    shutil.copy(_template.removeprefix("sqlite:///"), tmp_path / "live.sqlite3")
    made = open_office(Database(f"sqlite:///{tmp_path / 'live.sqlite3'}"), tmp_path)
    commands.install(made.app)
    return made


def copy(source: Path, target: Path) -> None:
    """Copy a database whole, whoever has it open."""
    with sqlite3.connect(source) as one, sqlite3.connect(target) as other:
        one.backup(other)


def furnish(session: Session, office: Office) -> None:
    people = [
        Resident(created_at=clock.now(), profile={"name": name}) for name in ("閉じる人", "守る人", "残る人")
    ]
    session.add_all(people)
    session.flush()
    today, now = clock.today(), clock.now()
    session.add(
        Mandate(
            token_hash=new_token(), grantor_id=people[1].id, agent_id=people[2].id, basis="online",
            procedures=[], valid_from=today, valid_to=today + timedelta(days=9), offered_at=now,
            offer_ends_at=now, accepted_at=now,
        )
    )  # fmt: skip
    definition = office.services.library["test-application"]
    for owner in (people[0], people[2]):
        drafts.start(session, definition, drafts.Owner(owner.id), lang="ja", actor=VISITOR, answers={})
    case = office.submitted(session).case
    case.closed_at, case.retain_until, case.status = now, today + timedelta(days=1), "accepted"


def take_away(session: Session, office: Office) -> None:
    closing, protected, _stays = session.scalars(select(Resident).order_by(Resident.id))
    account_data.forget(session, closing, SYSTEM)
    residents.close_account(session, closing, SYSTEM)
    protection.protect(session, protected, basis="measure", case_id=1, actor=SYSTEM)
    mandates.revoke(session, session.scalars(select(Mandate.id)).one(), protected, SYSTEM)
    others = select(Draft).where(Draft.resident_id.is_not(None), Draft.resident_id != closing.id)
    drafts.discard(session, session.scalars(others).one(), SYSTEM)
    staff_accounts.deactivate(session, office.staff(session, "zeimu"), SYSTEM)
    staff_accounts.set_roles(session, office.staff(session, "kacho"), ["reviewer@citizen"], SYSTEM)
    staff_accounts.set_roles(session, office.staff(session, "toukei"), ["statistics@*", "auditor@*"], SYSTEM)


def run(app: Flask, *arguments: str) -> str:
    done = app.test_cli_runner().invoke(args=["audit", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def state(office: Office) -> dict[str, object]:
    with office.database.reading() as session:
        return {
            "closed": [
                bool(one.deleted_at) for one in session.scalars(select(Resident).order_by(Resident.id))
            ],
            "profiles": [one.profile for one in session.scalars(select(Resident).order_by(Resident.id))],
            "protected": [one.protected for one in session.scalars(select(Resident).order_by(Resident.id))],
            "mandates": [mandates.state(one) for one in session.scalars(select(Mandate))],
            "drafts": session.scalar(
                select(func.count()).select_from(Draft).where(Draft.submitted_case_id.is_(None))
            ),
            "staff": {one.login: (one.active, one.roles) for one in session.scalars(select(Staff))},
        }


def test_a_restored_backup_forgets_again_what_was_forgotten(office: Office, tmp_path: Path) -> None:
    backup, live = tmp_path / "backup.sqlite3", tmp_path / "live.sqlite3"
    with office.database.transaction() as session:
        furnish(session, office)
    copy(live, backup)
    before = state(office)
    with office.database.transaction() as session:
        take_away(session, office)
    after, today = state(office), clock.today().isoformat()
    (tmp_path / "noted.jsonl").write_text(run(office.app, "taken-away", "--since", today))
    assert "閉じる人" not in (tmp_path / "noted.jsonl").read_text()
    copy(backup, live)
    assert state(office) == before, "the control: the backup brought everything back"
    assert "8 lines, 7 done again" in run(office.app, "take-away-again", str(tmp_path / "noted.jsonl"))
    after["staff"] = {**after["staff"], "toukei": (True, ["statistics@*"])}  # type: ignore[dict-item]  # roles are never given back
    assert state(office) == after
    assert "0 done again" in run(office.app, "take-away-again", str(tmp_path / "noted.jsonl"))


def test_a_restored_case_past_its_last_day_goes_with_the_next_retention(office: Office) -> None:
    with office.database.transaction() as session:
        furnish(session, office)
        session.execute(update(Case).values(retain_until=clock.today() - timedelta(days=1)))
    services = office.services
    assert "1" in casework.erase_old_cases(services)
    with office.database.reading() as session:
        assert not session.scalars(select(AnswerSheet).where(AnswerSheet.erased_at.is_(None))).all()
