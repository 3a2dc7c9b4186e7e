"""Whose case it is: taking it, giving it, sending it to another department, and standing in for someone."""

from __future__ import annotations

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.audit import record as audit
from webapp.casework import steps, timeline
from webapp.casework.models import Case
from webapp.errors import Forbidden, InvalidInput
from webapp.identity.models import Staff

_LONGEST_CHAIN = 5


def claim(session: Session, case: Case, staff: Staff, actor: Actor) -> None:
    """Take a case; fresh work counts as begun (行政手続法7条: examine without delay)."""
    case.assignee_id = staff.id
    timeline.record(session, case, "assigned", actor, data={"to": staff.name})
    if steps.may(case, "start"):
        steps.take(session, case, "start", actor)
    else:
        steps.settle_news(case)


def assign(session: Session, case: Case, staff: Staff, actor: Actor) -> Staff:
    """Give a case to a colleague, or to the substitute while the colleague is away; returns who has it now.

    Raises InvalidInput when the account no longer works.
    """
    taker = present(session, staff)
    if not taker.active:
        raise InvalidInput(
            "inactive account", field="staff", say="この職員は利用停止中です。別の職員を選んでください。"
        )
    case.assignee_id = taker.id
    data = {"to": taker.name}
    if taker.id != staff.id:
        data["instead_of"] = staff.name
    timeline.record(session, case, "assigned", actor, data=data)
    return taker


def release(session: Session, case: Case, actor: Actor) -> None:
    """Put a case back so that anybody of the department may take it."""
    case.assignee_id = None
    timeline.record(session, case, "assigned", actor, data={"to": ""})


def present(session: Session, staff: Staff) -> Staff:
    """Return the person, or who stands in today; a circle of absences ends at the person asked for."""
    taker, seen = staff, {staff.id}
    for _ in range(_LONGEST_CHAIN):
        if not is_absent(taker) or taker.substitute_id is None or taker.substitute_id in seen:
            return taker
        following = session.get(Staff, taker.substitute_id)
        if following is None:
            return taker
        taker = following
        seen.add(taker.id)
    return taker


def is_absent(staff: Staff) -> bool:
    """Tell whether someone is away today; ``absent_until`` is the last day away."""
    return staff.absent_until is not None and staff.absent_until >= clock.today()


def set_absence(
    session: Session, staff: Staff, until: date | None, substitute: Staff | None, actor: Actor
) -> None:
    """Enter or end an absence. Raises InvalidInput for a past day or for standing in for oneself."""
    if until is not None and until < clock.today():
        raise InvalidInput(
            "absence in the past", field="until", say="不在の最終日は今日以降の日付にしてください。"
        )
    if until is not None and substitute is None:
        raise InvalidInput(
            "no substitute", field="substitute", say="不在の間に代わりに担当する職員を選んでください。"
        )
    if substitute is not None and substitute.id == staff.id:
        raise InvalidInput("own substitute", field="substitute", say="自分以外の職員を選んでください。")
    staff.absent_until = until
    staff.substitute_id = substitute.id if substitute and until else None
    audit(session, actor, "staff.absence", object_kind="staff", object_id=staff.id)


def stands_in_for(session: Session, staff: Staff) -> list[int]:
    """Return the ids of the people for whom ``staff`` stands in today."""
    query = select(Staff.id).where(Staff.substitute_id == staff.id, Staff.absent_until >= clock.today())
    return list(session.scalars(query))


def colleagues(session: Session, departments: list[str]) -> list[Staff]:
    """Return the working accounts of departments by name, to choose from."""
    query = select(Staff).where(
        Staff.active.is_(True),
        Staff.department.in_(departments),
        or_(Staff.ends_on.is_(None), Staff.ends_on >= clock.today()),
    )
    return list(session.scalars(query.order_by(Staff.department, Staff.id)))


def transfer(
    session: Session, case: Case, department: str, reason: str, actor: Actor, *, known: list[str]
) -> None:
    """Send a case to another department; timeline, arrival and reference stay, so it counts once.

    Raises InvalidInput for an unknown or the same department or without a reason, Forbidden when closed.
    """
    if case.is_closed:
        raise Forbidden("closed case", say="終わった案件は移送できません。")
    if department not in known or department == case.department:
        raise InvalidInput("department", field="department", say="移送先の課を選んでください。")
    if not reason.strip():
        raise InvalidInput(
            "no reason", field="reason", say="移送の理由を入力してください。移送先の課が読みます。"
        )
    data = {"from": case.department, "to": department, "reason": reason}
    case.department = department
    case.assignee_id = None
    case.news = "arrived"
    case.news_at = clock.now()
    timeline.record(session, case, "transferred", actor, public=True, data=data)
