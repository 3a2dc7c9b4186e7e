"""The monitor hears of what is worth attention; an incident's time line names the cases it reached."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from tests.casework_office import Office, open_office
from webapp import audit, clock
from webapp.audit import Actor
from webapp.db import Database
from webapp.jobs import commands
from webapp.jobs.alarms import ALARMS, Alarm, look


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    made = open_office(database, tmp_path)
    commands.install(made.app)
    return made


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["audit", *arguments])
    return done.exit_code, done.output


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda one: one.label)
def test_an_alarm_rings_from_its_number_on_and_forgets_with_time(database: Database, alarm: Alarm) -> None:
    with database.transaction() as session:
        for _ in range(alarm.at_least):
            audit.record(session, Actor("staff", "1"), alarm.actions[-1], object_kind="x", object_id=1)
    now = clock.now()
    with database.reading() as session:
        rings = [one.alarm.label for one in look(session, now - timedelta(hours=1)) if one.rings]
        assert rings == [alarm.label]
        assert not any(one.rings for one in look(session, now + timedelta(hours=1)))


def test_the_command_ends_with_one_when_an_alarm_rings(office: Office) -> None:
    with clock.frozen(clock.now() + timedelta(days=3)):
        assert run(office.app, "alarms")[0] == 0
    code, said = run(office.app, "alarms")
    assert (code, "ALARM rights changed" in said) == (1, True), "the office's accounts were just made"


def test_the_time_line_names_what_an_account_reached(office: Office) -> None:
    mine, other = office.submit(), office.submit()
    office.client("tanto").get(f"/staff/cases/{mine}")
    today = clock.today().isoformat()
    code, said = run(office.app, "incident", "--staff", "tanto", "--since", today, "--until", today)
    assert code == 0
    assert "case.view" in said
    assert mine in said
    assert other not in said
    assert "1 cases" in said
