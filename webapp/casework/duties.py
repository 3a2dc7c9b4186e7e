"""What a resident still owes on a case: an attachment to follow, a report (報告), a renewal (更新)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.casework import timeline
from webapp.casework.models import Case, CaseDuty
from webapp.errors import IllegalStep, InvalidInput

KINDS = {"attachment": "後日提出の書類", "report": "報告", "renewal": "更新", "other": "その他"}
REMIND_BEFORE = timedelta(days=7)


def add(
    session: Session,
    case: Case,
    *,
    key: str,
    kind: str,
    label: dict[str, Any],
    due_on: date,
    actor: Actor,
    text: dict[str, Any] | None = None,
    remind_on: date | None = None,
    procedure: str | None = None,
) -> CaseDuty:
    """Note a duty with its day (Asia/Tokyo); the same ``key`` again moves the day instead.

    ``remind_on`` None reminds a week before; ``procedure`` is the slug with which it is done online.
    Raises InvalidInput for an unknown kind or an empty label.
    """
    if kind not in KINDS:
        raise InvalidInput("kind", field="kind", say="種類を選んでください。")
    if not str(label.get("ja") or "").strip():
        raise InvalidInput("label", field="label", say="提出していただくものを入力してください。")
    duty = session.scalar(select(CaseDuty).where(CaseDuty.case_id == case.id, CaseDuty.key == key))
    if duty is None:
        duty = CaseDuty(
            case_id=case.id, key=key, kind=kind, label=label, due_on=due_on, created_at=clock.now()
        )
        session.add(duty)
    duty.due_on, duty.remind_on = due_on, remind_on
    duty.text, duty.procedure = text, procedure
    duty.reminded_at = None
    timeline.record(
        session, case, "duty_added", actor, public=True, data={"label": label, "due_on": due_on.isoformat()}
    )
    session.flush()
    return duty


def fulfil(session: Session, case: Case, duty: CaseDuty, actor: Actor) -> None:
    """Note that it arrived. Raises IllegalStep when it already did."""
    if duty.done_at is not None:
        raise IllegalStep("fulfil_duty", state="done", say="この提出は確認済みです。")
    duty.done_at = clock.now()
    duty.done_by = actor.id
    timeline.record(session, case, "duty_done", actor, public=True, data={"label": duty.label})


def of_case(session: Session, case: Case) -> list[CaseDuty]:
    """Return the duties of a case by their day."""
    query = select(CaseDuty).where(CaseDuty.case_id == case.id)
    return list(session.scalars(query.order_by(CaseDuty.due_on, CaseDuty.id)))


def follow_ups(session: Session, case: Case) -> list[CaseDuty]:
    """Return what is still to be done after the decision, papers of the application left out."""
    return [duty for duty in of_case(session, case) if duty.done_at is None and duty.kind != "attachment"]


def overdue(today: date) -> Select[int]:
    """Select the cases on which something is due since before ``today`` and was not confirmed."""
    return select(CaseDuty.case_id).where(CaseDuty.done_at.is_(None), CaseDuty.due_on < today)


def reminder_day(duty: CaseDuty) -> date:
    """Return the day from which a duty is near: the named one, or a week before it is due."""
    return duty.remind_on or duty.due_on - REMIND_BEFORE


def done_by(session: Session, resident_id: int, procedure: str) -> list[tuple[CaseDuty, Case]]:
    """Return the open duties of a resident that are done with this procedure, the nearest first."""
    query = (
        select(CaseDuty, Case)
        .join(Case, Case.id == CaseDuty.case_id)
        .where(CaseDuty.procedure == procedure, CaseDuty.done_at.is_(None), Case.resident_id == resident_id)
        .order_by(CaseDuty.due_on, CaseDuty.id)
    )
    return [(duty, case) for duty, case in session.execute(query)]


def to_remind(session: Session, today: date) -> list[tuple[CaseDuty, Case]]:
    """Return whose day of reminding has come (a week before, unless the duty names one), once each."""
    query = (
        select(CaseDuty, Case)
        .join(Case, Case.id == CaseDuty.case_id)
        .where(
            CaseDuty.done_at.is_(None),
            CaseDuty.reminded_at.is_(None),
            or_(
                CaseDuty.remind_on <= today,
                and_(CaseDuty.remind_on.is_(None), CaseDuty.due_on <= today + REMIND_BEFORE),
            ),
        )
        .order_by(CaseDuty.due_on, CaseDuty.id)
    )
    return [(duty, case) for duty, case in session.execute(query)]
