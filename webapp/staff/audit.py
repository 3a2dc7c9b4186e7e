"""「操作記録」: the audit trail for auditors; itself on record."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from flask import Blueprint, render_template, request

from webapp import audit, clock
from webapp.casework import lookup
from webapp.identity import staff_accounts
from webapp.staff import audit_words
from webapp.web import guards
from webapp.web.transaction import afterwards, db

blueprint = Blueprint("audit", __name__)
SHOWN = 100


@blueprint.get("/audit")
@guards.staff_required("audit.read")
def records() -> str:
    """Search the trail by person, action, object and day."""
    wish = audit.Wish(
        actor_kind=request.args.get("actor_kind", ""),
        actor_id=request.args.get("actor_id", "").strip(),
        action=request.args.get("action", "").strip(),
        object_kind=request.args.get("object_kind", "").strip(),
        object_id=request.args.get("object_id", "").strip(),
        since=_instant("since"),
        until=_instant("until", days=1),
    )
    before = request.args.get("before", "")
    before_id = int(before) if before.isdecimal() and len(before) < 18 else None
    found = audit.search(db(), wish, limit=SHOWN, before_id=before_id)
    actor, shown = guards.current_actor(), len(found)
    afterwards(
        lambda session: audit.record(
            session, actor, "audit.search", object_kind="audit", object_id="trail", details={"found": shown}
        )
    )
    return render_template(
        "staff/audit_records.html",
        entries=found,
        action_words=audit_words.action_words,
        actions=audit_words.ACTIONS,
        objects=audit_words.OBJECTS,
        channels=audit_words.CHANNELS,
        references=lookup.references_of(db(), {one.case_id for one in found if one.case_id}),
        typed=request.args,
        names={one.id: one.name for one in staff_accounts.everyone(db())},
        more=found[-1].id if len(found) == SHOWN else None,
    )


def _instant(name: str, *, days: int = 0) -> datetime | None:
    """Read a day of Asia/Tokyo; what is no day does not narrow."""
    try:
        day = date.fromisoformat(request.args.get(name, "")) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(day, time(), clock.TOKYO)
