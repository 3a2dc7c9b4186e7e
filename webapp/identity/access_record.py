"""Which department opened a case and when, for the resident; shielded where a law says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.errors import InvalidInput
from webapp.identity.models import Staff
from webapp.identity.proof_models import AccessShield

SHOWN = ("case.view", "case.file", "case.export", "case.document", "case.signature")


@dataclass(frozen=True)
class Opened:
    """On this day (Asia/Tokyo) this department opened the case."""

    day: date
    department: str


def of_case(session: Session, case_id: int) -> list[Opened]:
    """Return who opened the case, newest first, one line for a department and day; nothing while shielded."""
    if shield_of(session, case_id) is not None:
        return []
    entries = [e for e in audit.of_case(session, case_id, actions=SHOWN) if e.actor_kind == "staff"]
    wanted = {int(entry.actor_id) for entry in entries if entry.actor_id}
    found = session.execute(select(Staff.id, Staff.department).where(Staff.id.in_(wanted)))
    departments = {str(staff_id): department for staff_id, department in found}
    lines = {
        Opened(clock.tokyo(entry.at).date(), departments[entry.actor_id]): None
        for entry in entries
        if entry.actor_id in departments
    }
    return list(lines)


def shield_of(session: Session, case_id: int) -> AccessShield | None:
    """Return the shield in force, or None."""
    query = select(AccessShield).where(
        AccessShield.case_id == case_id, AccessShield.lifted_at.is_(None), AccessShield.until >= clock.today()
    )
    return session.scalar(query.limit(1))


def shield(session: Session, case_id: int, staff: Staff, *, reason: str, until: date, actor: Actor) -> None:
    """Hide the record until a day. Raises InvalidInput without a reason, or for a past day."""
    if not reason.strip():
        raise InvalidInput("reason", field="reason", say="根拠となる法令と理由を入力してください。")
    if until < clock.today():
        raise InvalidInput("until", field="until", say="今日以降の日付を入力してください。")
    row = AccessShield(
        case_id=case_id, reason=reason.strip(), until=until, set_by_id=staff.id, set_at=clock.now()
    )
    session.add(row)
    session.flush()
    _record(session, actor, "access.shield", case_id, until.isoformat())


def lift(session: Session, case_id: int, actor: Actor) -> None:
    """Show the record again."""
    row = shield_of(session, case_id)
    if row is not None:
        row.lifted_at = clock.now()
        _record(session, actor, "access.lift", case_id, "")


def _record(session: Session, actor: Actor, action: str, case_id: int, until: str) -> None:
    details = {"until": until} if until else {}
    audit.record(
        session, actor, action, object_kind="case", object_id=case_id, case_id=case_id, details=details
    )
