"""The table of periodic jobs: each task once, and the daily ones do what they say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import func, select

from webapp import clock
from webapp.booking.models import Registration
from webapp.casework.models import RetentionRun
from webapp.city import load_city
from webapp.db import Database
from webapp.identity.models import SignInFlow, Throttle, WebSession
from webapp.identity.proof_models import MailTicket
from webapp.jobs import casework
from webapp.jobs.table import JOBS
from webapp.wiring import Services

DEMO = Path(__file__).resolve().parents[2] / "demo"


def services_on(database: Database) -> Services:
    return cast("Services", SimpleNamespace(database=database, city=load_city(DEMO)))


def test_no_name_and_no_work_stands_twice_in_the_table() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)
    assert len({job.run for job in JOBS}) == len(JOBS)


@pytest.mark.parametrize("work", [casework.erase_old_cases, casework.lapse_registrations])
def test_retention_and_lapsing_run_once_a_day(work: Callable[[Services], str]) -> None:
    assert [job.at is not None for job in JOBS if job.run is work] == [True]


def test_the_retention_job_erases_in_earnest_and_leaves_its_record(database: Database) -> None:
    casework.erase_old_cases(services_on(database))
    with database.reading() as session:
        assert [run.dry_run for run in session.scalars(select(RetentionRun))] == [False]


def test_a_provisional_registration_lapses_when_its_days_are_over(database: Database) -> None:
    with database.transaction() as session:
        until = clock.today() - timedelta(days=1)
        session.add(
            Registration(
                number="R0000001", kind="group", name="見本の会", details={}, classes={}, state="provisional",
                created_at=clock.now(), provisional_until=until,
            )
        )  # fmt: skip
    casework.lapse_registrations(services_on(database))
    with database.reading() as session:
        assert session.scalars(select(Registration.state)).one() == "lapsed"


def test_the_cleaning_takes_old_sessions_flows_counters_and_mail_codes(database: Database) -> None:
    old = clock.now() - timedelta(days=90)
    with database.transaction() as session:
        session.add_all(
            [
                WebSession(
                    token_hash="a", side="resident", data={}, created_at=old, seen_at=old, expires_at=old
                ),
                SignInFlow(
                    state_hash="a", browser_hash="b", provider="card", purpose="sign_in", level=1,
                    secrets={}, resume={}, created_at=old, expires_at=old,
                ),
                Throttle(key="a", window_start=old, count=1),
                MailTicket(code_hash="a", address="hanako@mihon.example", resume={}, created_at=old, expires_at=old),
            ]
        )  # fmt: skip
    assert casework.clean_sessions(services_on(database)) == "4 deleted"
    with database.reading() as session:
        tables = (WebSession, SignInFlow, Throttle, MailTicket)
        assert [session.scalar(select(func.count()).select_from(table)) for table in tables] == [0, 0, 0, 0]
