"""The clockwork: which job runs when. A tick a minute runs every job whose slot has come.

A slot is claimed in the database, so several workers do each slot once; a job that died with its
worker is claimed again after its patience is over. Every job is written to be repeatable.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.db import Database, is_postgres
from webapp.jobs.models import JobRun

if TYPE_CHECKING:
    from webapp.wiring import Services

log = logging.getLogger(__name__)
PATIENCE: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class Job:
    """A periodic job: every ``every_minutes``, or once a day at ``at`` (Asia/Tokyo)."""

    name: str
    run: Callable[[Services], str]
    every_minutes: int | None = None
    at: time | None = None

    def slot(self, now: datetime) -> str | None:
        """Return the name of the slot that ``now`` falls into, None before the day's hour."""
        local = clock.tokyo(now)
        if self.at is not None:
            return local.date().isoformat() if local.time() >= self.at else None
        minutes = int(now.timestamp() // 60)
        return str(minutes // (self.every_minutes or 1))


def tick(services: Services, jobs: Sequence[Job] | None = None) -> list[str]:
    """Run all jobs whose slot has come and that nobody has claimed; returns their names."""
    from webapp.jobs.table import JOBS

    ran = []
    for job in JOBS if jobs is None else jobs:
        if _claim(services.database, job):
            _run(services, job)
            ran.append(job.name)
    return ran


def _run(services: Services, job: Job) -> None:
    try:
        result = job.run(services)
    except Exception as error:
        log.exception("job %s failed", job.name)
        result = f"failed: {type(error).__name__}"
    with services.database.transaction() as session:
        run = session.get(JobRun, job.name)
        if run is not None:
            run.finished_at, run.result = clock.now(), result[:200]


def _claim(database: Database, job: Job) -> bool:
    slot = job.slot(clock.now())
    if slot is None:
        return False
    with database.reading() as session:
        known = session.get(JobRun, job.name)
        if known is not None and not _is_due(known, slot):
            return False
    with database.transaction() as session:
        run = _locked(session, job.name)
        if run is None:
            session.add(JobRun(name=job.name, slot=slot, started_at=clock.now()))
            return True
        if not _is_due(run, slot):
            return False
        run.slot, run.started_at, run.finished_at = slot, clock.now(), None
        return True


def _is_due(run: JobRun, slot: str) -> bool:
    died = run.finished_at is None and clock.now() - run.started_at > PATIENCE
    return run.slot != slot or died


def _locked(session: Session, name: str) -> JobRun | None:
    query = select(JobRun).where(JobRun.name == name)
    return session.scalars(query.with_for_update() if is_postgres(session) else query).one_or_none()
