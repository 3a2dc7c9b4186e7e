"""利用登録: what accepted applications made people, and the end of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.casework import timeline
from webapp.casework.models import Case
from webapp.casework.office_models import CaseRegistration
from webapp.errors import IllegalStep


def begin(session: Session, case: Case, key: str, label: dict[str, Any], actor: Actor) -> CaseRegistration:
    """Register the applicant of a case under ``key``; twice on the same case is once."""
    for known in of_case(session, case):
        if known.key == key and known.ended_at is None:
            return known
    row = CaseRegistration(
        case_id=case.id, resident_id=case.resident_id, key=key, label=label, began_at=clock.now()
    )
    session.add(row)
    timeline.record(session, case, "registered", actor, public=True, data={"label": label})
    session.flush()
    return row


def end(session: Session, case: Case, row: CaseRegistration, actor: Actor) -> None:
    """End a registration. Raises IllegalStep when it is over already."""
    if row.ended_at is not None:
        raise IllegalStep("end_registration", state="ended", say="この登録は、もう終わっています。")
    row.ended_at = clock.now()
    timeline.record(session, case, "registration_ended", actor, public=True, data={"label": row.label})
    session.flush()


def end_all(session: Session, case: Case, actor: Actor) -> None:
    """End what the case gave, when its decision no longer stands."""
    for row in of_case(session, case):
        if row.ended_at is None:
            end(session, case, row, actor)


def of_case(session: Session, case: Case) -> list[CaseRegistration]:
    """Return what a case gave, ended ones among them."""
    query = select(CaseRegistration).where(CaseRegistration.case_id == case.id)
    return list(session.scalars(query.order_by(CaseRegistration.id)))


def held_by(session: Session, resident_id: int) -> frozenset[str]:
    """Return the keys that hold now for a resident."""
    query = select(CaseRegistration.key).where(
        CaseRegistration.resident_id == resident_id, CaseRegistration.ended_at.is_(None)
    )
    return frozenset(session.scalars(query))
