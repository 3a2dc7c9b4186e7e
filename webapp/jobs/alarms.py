"""What a monitor asks each hour, and what an incident needs in its first hour: both read from the trail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.audit import AuditEntry
from webapp.casework.models import Case


@dataclass(frozen=True)
class Alarm:
    """These actions, this many times or more in the time looked at, are worth somebody's attention."""

    label: str
    actions: tuple[str, ...]
    at_least: int


ALARMS = (
    Alarm("sign-ins refused", ("staff.sign_in_refused",), 10),
    Alarm("rights changed", ("staff.create", "staff.roles", "staff.reactivate"), 1),
    Alarm("dangerous step taken alone", ("approval.alone",), 1),
    Alarm("cases exported", ("case.export",), 100),
    Alarm("virus found in a stored file", ("file.infected",), 1),
    Alarm("protection lifted", ("resident.unprotect",), 1),
)


@dataclass(frozen=True)
class Seen:
    """How often an alarm's actions happened."""

    alarm: Alarm
    count: int

    @property
    def rings(self) -> bool:
        return self.count >= self.alarm.at_least


def look(session: Session, since: datetime) -> list[Seen]:
    """Count what happened since then for every alarm."""
    counted = select(AuditEntry.action, func.count()).where(AuditEntry.at >= since)
    counts = {action: int(number) for action, number in session.execute(counted.group_by(AuditEntry.action))}
    return [Seen(alarm, sum(counts.get(action, 0) for action in alarm.actions)) for alarm in ALARMS]


@dataclass(frozen=True)
class Touched:
    """One line of the time line of an incident; no personal text."""

    at: datetime
    action: str
    what: str
    reference: str
    resident_id: int | None


def touched_by(session: Session, staff_id: int, since: datetime, until: datetime) -> Iterator[Touched]:
    """Return everything an account did between two instants, oldest first, with the cases it reached."""
    query = (
        select(AuditEntry, Case.reference, Case.resident_id)
        .outerjoin(Case, Case.id == AuditEntry.case_id)
        .where(AuditEntry.actor_kind == "staff", AuditEntry.actor_id == str(staff_id))
        .where(AuditEntry.at >= since, AuditEntry.at < until)
        .order_by(AuditEntry.id)
    )
    for entry, reference, resident_id in session.execute(query):
        what = f"{entry.object_kind}:{entry.object_id}"
        yield Touched(entry.at, entry.action, what, reference or "", resident_id)
