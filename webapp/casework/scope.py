"""Which cases an officer may see: those of the own departments or procedures, and those asked about."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import Session

from webapp.casework.lookup import by_reference
from webapp.casework.models import Case, CaseOpinion
from webapp.errors import NotFound
from webapp.identity.permissions import Scope


def within(scope: Scope) -> ColumnElement[bool]:
    """Return the condition that a case lies inside ``scope``."""
    if scope.everywhere:
        return true()
    parts: list[ColumnElement[bool]] = []
    if scope.departments:
        parts.append(Case.department.in_(sorted(scope.departments)))
    if scope.procedures:
        parts.append(Case.slug.in_(sorted(scope.procedures)))
    return or_(*parts) if parts else false()


def asked(scope: Scope) -> ColumnElement[bool]:
    """Return the condition that a department of ``scope`` was asked for its opinion on a case."""
    pending = select(CaseOpinion.case_id).where(CaseOpinion.revoked_at.is_(None))
    if not scope.everywhere:
        pending = pending.where(CaseOpinion.department.in_(sorted(scope.departments)))
    return Case.id.in_(pending)


def covers(scope: Scope, case: Case) -> bool:
    """Tell whether an officer with ``scope`` works on the case itself."""
    return scope.covers(department=case.department, procedure=case.slug)


def case_for(
    session: Session, scope: Scope, reference: str, *, with_asked: bool = False, lock: bool = False
) -> Case:
    """Return the case when it lies inside ``scope`` (or was asked about).

    Raises NotFound otherwise, as if it did not exist.
    """
    case = by_reference(session, reference, lock=lock)
    if covers(scope, case):
        return case
    if with_asked and session.scalar(select(Case.id).where(Case.id == case.id, asked(scope))) is not None:
        return case
    raise NotFound("outside the scope", say="この案件は、あなたの課の担当ではありません。")


def chosen(session: Session, scope: Scope, references: Sequence[str]) -> list[Case]:
    """Return those of the chosen cases that lie inside ``scope``, oldest first."""
    query = select(Case).where(Case.reference.in_(references), within(scope))
    return list(session.scalars(query.order_by(Case.arrived_at, Case.id)))
