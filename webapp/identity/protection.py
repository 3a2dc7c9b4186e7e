"""支援措置: people whose whereabouts must not reach somebody. Set and lifted by staff, on record.

While it holds, a mandate of theirs is not in force and cannot be offered, their cases open to themselves
only (a reference number with its password opens nothing), and staff see a warning instead of the address
of the card.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit
from webapp.audit import Actor, AuditEntry
from webapp.errors import InvalidInput
from webapp.identity.models import Resident

BASES: Mapping[str, str] = MappingProxyType(
    {
        "measure": "住民基本台帳事務における支援措置",
        "order": "裁判所の保護命令",
        "agency": "警察・相談機関からの依頼",
        "ordinance": "そのほかの法令・条例",
    }
)
"""On what the protection rests; the papers themselves stay with the department."""
PROTECT, LIFT = "resident.protect", "resident.unprotect"


def is_protected(session: Session, resident_id: int | None) -> bool:
    """Tell whether this resident is protected; a visitor without an account is not."""
    resident = session.get(Resident, resident_id) if resident_id is not None else None
    return resident is not None and resident.protected


def protect(session: Session, resident: Resident, *, basis: str, case_id: int, actor: Actor) -> None:
    """Protect a resident. Raises InvalidInput without a known basis."""
    if basis not in BASES:
        raise InvalidInput("basis", field="basis", say="根拠を選んでください。")
    resident.protected = True
    _record(session, actor, PROTECT, resident, case_id, {"basis": basis})


def lift(session: Session, resident: Resident, *, sure: bool, case_id: int, actor: Actor) -> None:
    """End the protection. Raises InvalidInput unless its end was confirmed with the person."""
    if not sure:
        raise InvalidInput("sure", field="sure", say="終わることを確かめてから、チェックを入れてください。")
    resident.protected = False
    _record(session, actor, LIFT, resident, case_id, {})


def last_change(session: Session, resident: Resident) -> tuple[str, datetime] | None:
    """Return the words of the basis (empty when lifted) and the time of the latest change by staff."""
    changes = select(AuditEntry).where(
        AuditEntry.object_kind == "resident",
        AuditEntry.object_id == str(resident.id),
        AuditEntry.action.in_((PROTECT, LIFT)),
    )
    entry = session.scalar(changes.order_by(AuditEntry.id.desc()).limit(1))
    return None if entry is None else (BASES.get(str(entry.details.get("basis")), ""), entry.at)


def _record(
    session: Session, actor: Actor, action: str, resident: Resident, case_id: int, details: dict[str, str]
) -> None:
    audit.record(
        session,
        actor,
        action,
        object_kind="resident",
        object_id=resident.id,
        case_id=case_id,
        details=dict(details),
    )
