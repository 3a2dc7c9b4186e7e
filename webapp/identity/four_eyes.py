"""Which steps need a second person, who that may be, and what follows when there is nobody else.

A matter with departments is decided by somebody who may approve in all of them; one of the whole city
(accounts, erasure) by somebody who may approve everywhere. ``approvals`` keeps the requests. In a city
where nobody else may approve, the step goes ahead and is recorded as taken alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit
from webapp.audit import Actor
from webapp.errors import Forbidden
from webapp.identity import approvals
from webapp.identity.models import Staff
from webapp.identity.permissions import scope_of
from webapp.identity.staff_models import Approval

PERMISSION = "approval.decide"
MATTERS: Mapping[str, str] = MappingProxyType(
    {
        "staff.grant": "職員の権限を増やす",
        "case.export": "まとまった数の案件を書き出す",
        "retention.erase": "保存期間を過ぎた案件を消す",
    }
)
"""Every step that needs a second person here; refunds and broadcasts have their own screens for it."""
BULK = 50
"""More cases than this leave the house only with a second person's consent."""


def others(session: Session, asker: Staff, departments: Sequence[str]) -> list[Staff]:
    """Return who may decide instead of the asker; stopped accounts count, so stopping one opens nothing."""
    everyone = session.scalars(select(Staff).where(Staff.id != asker.id).order_by(Staff.id))
    return [one for one in everyone if reaches(one, departments)]


def reaches(staff: Staff, departments: Sequence[str]) -> bool:
    """Tell whether this person may decide a matter of these departments (none: of the whole city)."""
    scope = scope_of(staff.roles, PERMISSION)
    if not departments:
        return scope.everywhere
    return all(scope.covers(department=one) for one in departments)


def ask(
    session: Session,
    asker: Staff,
    action: str,
    *,
    object_id: str | int,
    payload: Mapping[str, Any],
    departments: Sequence[str] = (),
    reason: str = "",
) -> Approval | None:
    """Ask for a step, or return None when nobody else could decide; that is on record then."""
    if others(session, asker, departments):
        return approvals.ask(
            session,
            asker,
            action,
            object_kind=action,
            object_id=object_id,
            payload=_whole(payload, departments),
            reason=reason,
        )
    actor = Actor("staff", str(asker.id), asker.name)
    audit.record(session, actor, "approval.alone", object_kind=action, object_id=object_id)
    return None


def use(
    session: Session,
    action: str,
    *,
    object_id: str | int,
    payload: Mapping[str, Any],
    departments: Sequence[str] = (),
) -> bool:
    """Use up an approval of exactly this step; False when there is none."""
    whole = _whole(payload, departments)
    try:
        approvals.use(session, action, object_kind=action, object_id=object_id, payload=whole)
    except Forbidden:
        return False
    return True


def decide(session: Session, approval_id: int, staff: Staff, *, approve: bool) -> Approval:
    """Decide what somebody else asked; raises Forbidden also where the matter is out of reach."""
    row = session.get(Approval, approval_id)
    if row is None or row.action not in MATTERS or not reaches(staff, row.details["departments"]):
        raise Forbidden("out of reach", say="この操作を承認する権限がありません。")
    return approvals.decide(session, approval_id, staff, approve=approve)


def waiting_for(session: Session, staff: Staff) -> list[Approval]:
    """Return what this person may decide now, oldest first."""
    rows = approvals.waiting(session, not_by=staff.id)
    return [row for row in rows if row.action in MATTERS and reaches(staff, row.details["departments"])]


def asked_by(session: Session, staff: Staff, *, limit: int = 30) -> list[Approval]:
    """Return what this person asked for, newest first."""
    query = select(Approval).where(Approval.asked_by_id == staff.id, Approval.action.in_(MATTERS))
    return list(session.scalars(query.order_by(Approval.id.desc()).limit(limit)))


def _whole(payload: Mapping[str, Any], departments: Sequence[str]) -> dict[str, Any]:
    return {**payload, "departments": sorted(departments)}
