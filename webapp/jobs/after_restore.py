"""What was taken away since a backup was made, noted elsewhere and taken away again after it was restored.

A backup brings back closed accounts, thrown-away drafts, ended mandates and stopped officers, and it has
forgotten a 支援措置. The trail names all of it without personal text: the living machine writes it to a file
that is kept apart from the backup, and the restored one repeats the file before it opens. Cases past their
retention need no file: the retention job finds them again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.audit import SYSTEM, AuditEntry
from webapp.errors import MadoguchiError
from webapp.identity import mandates, residents, staff_accounts
from webapp.identity.mandate_models import Mandate
from webapp.identity.models import Resident, Staff
from webapp.intake import drafts
from webapp.intake.models import Draft
from webapp.resident import account_data


@dataclass(frozen=True)
class Line:
    """One thing that was taken away: when, what, and the number of its row."""

    at: str
    action: str
    number: int
    details: Mapping[str, Any]


def lines(session: Session, since: datetime) -> Iterator[Line]:
    """Yield what a backup older than ``since`` does not know, oldest first."""
    query = select(AuditEntry).where(AuditEntry.at >= since, AuditEntry.action.in_(AGAIN))
    for entry in session.scalars(query.order_by(AuditEntry.id)):
        kept = {"after": entry.details["after"]} if entry.action == "staff.roles" else {}
        yield Line(entry.at.isoformat(), entry.action, int(entry.object_id), kept)


def repeat(session: Session, noted: Iterable[Line]) -> Counter[str]:
    """Do it again where the restored rows do not say so yet; returns how often by action.

    Nothing is ever given back: a role that was added later, or a protection lifted, stays for a person.
    """
    done: Counter[str] = Counter()
    for line in noted:
        if line.action in AGAIN and AGAIN[line.action](session, line):
            done[line.action] += 1
    return done


def _close(session: Session, line: Line) -> bool:
    resident = session.get(Resident, line.number)
    if resident is None or resident.deleted_at is not None:
        return False
    account_data.forget(session, resident, SYSTEM)
    residents.close_account(session, resident, SYSTEM)
    return True


def _protect(session: Session, line: Line) -> bool:
    resident = session.get(Resident, line.number)
    if resident is None or resident.protected:
        return False
    resident.protected = True
    return True


def _discard(session: Session, line: Line) -> bool:
    draft = session.get(Draft, line.number)
    if draft is None or draft.submitted_case_id is not None:
        return False
    drafts.discard(session, draft, SYSTEM)
    return True


def _revoke(session: Session, line: Line) -> bool:
    row = session.get(Mandate, line.number)
    if row is None or row.revoked_at is not None:
        return False
    mandates.revoke(session, row.id, session.get_one(Resident, row.grantor_id), SYSTEM)
    return True


def _stop(session: Session, line: Line) -> bool:
    staff = session.get(Staff, line.number)
    if staff is None or not staff.active:
        return False
    return _unless_last(lambda: staff_accounts.deactivate(session, staff, SYSTEM))


def _narrow(session: Session, line: Line) -> bool:
    staff = session.get(Staff, line.number)
    left = [role for role in (staff.roles if staff else []) if role in line.details.get("after", [])]
    if staff is None or left == list(staff.roles):
        return False
    return _unless_last(lambda: staff_accounts.set_roles(session, staff, left, SYSTEM))


def _unless_last(step: Callable[[], None]) -> bool:
    """The last administrator stays: somebody must be able to open the house."""
    try:
        step()
    except MadoguchiError:
        return False
    return True


AGAIN: Mapping[str, Callable[[Session, Line], bool]] = {
    "resident.close": _close,
    "resident.protect": _protect,
    "draft.discard": _discard,
    "mandate.revoke": _revoke,
    "staff.deactivate": _stop,
    "staff.roles": _narrow,
}
