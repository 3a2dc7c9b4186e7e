"""Four eyes: a step that one person asks for and another decides; then it may be taken once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.errors import Forbidden, IllegalStep, NotFound
from webapp.identity.models import Staff
from webapp.identity.staff_models import Approval

VALID = timedelta(days=14)


def ask(
    session: Session,
    staff: Staff,
    action: str,
    *,
    object_kind: str,
    object_id: str | int,
    payload: Mapping[str, Any],
    reason: str,
) -> Approval:
    """Ask for a step. ``payload``: everything it depends on, such as the amount; no personal text."""
    row = Approval(
        action=action,
        object_kind=object_kind,
        object_id=str(object_id),
        payload_digest=digest_of(payload),
        details=dict(payload),
        asked_by_id=staff.id,
        asked_at=clock.now(),
        reason=reason[:400],
        outcome="waiting",
    )
    session.add(row)
    session.flush()
    _record(session, staff, "approval.ask", row)
    return row


def decide(session: Session, approval_id: int, staff: Staff, *, approve: bool) -> Approval:
    """Decide what another person asked. Raises Forbidden for the own request, IllegalStep when decided."""
    row = session.get(Approval, approval_id)
    if row is None:
        raise NotFound(f"approval {approval_id}")
    if row.asked_by_id == staff.id:
        raise Forbidden(
            "own request", say="自分が求めた承認は、自分ではできません。ほかの職員に頼んでください。"
        )
    outcome = "approved" if approve else "refused"
    waiting = update(Approval).where(Approval.id == row.id, Approval.outcome == "waiting")
    values = {"outcome": outcome, "decided_by_id": staff.id, "decided_at": clock.now()}
    if not session.execute(waiting.values(**values).returning(Approval.id)).all():
        raise IllegalStep(outcome, state=row.outcome, say="すでに決まっています。画面を開き直してください。")
    session.refresh(row)
    _record(session, staff, f"approval.{outcome}", row)
    return row


def use(
    session: Session, action: str, *, object_kind: str, object_id: str | int, payload: Mapping[str, Any]
) -> Approval:
    """Use up the approval of exactly this step; raises Forbidden when there is none, or it is old."""
    fits = (
        Approval.action == action,
        Approval.object_kind == object_kind,
        Approval.object_id == str(object_id),
        Approval.payload_digest == digest_of(payload),
        Approval.outcome == "approved",
        Approval.decided_at > clock.now() - VALID,
    )
    row = session.scalar(
        select(Approval).where(*fits).order_by(Approval.id.desc()).limit(1).with_for_update()
    )
    if row is None:
        raise Forbidden(f"{action} needs a second person", say="この操作には、ほかの職員の承認が必要です。")
    row.outcome = "used"
    return row


def waiting(session: Session, *, not_by: int | None = None) -> list[Approval]:
    """Return what waits for a decision, oldest first; without the own requests of ``not_by``."""
    query = select(Approval).where(Approval.outcome == "waiting").order_by(Approval.id)
    return list(session.scalars(query if not_by is None else query.where(Approval.asked_by_id != not_by)))


def digest_of(payload: Mapping[str, Any]) -> str:
    """Return the digest that ties an approval to exactly one content."""
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _record(session: Session, staff: Staff, action: str, row: Approval) -> None:
    actor = Actor("staff", str(staff.id), staff.name)
    details = {"action": row.action, "object": f"{row.object_kind}:{row.object_id}"}
    audit.record(session, actor, action, object_kind="approval", object_id=row.id, details=details)
