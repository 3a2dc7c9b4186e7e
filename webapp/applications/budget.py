"""What is left of a yearly budget: the sum of what applications ask for, the refused left out."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.casework.models import Case
from webapp.casework.office_models import BenefitBudget
from webapp.casework.open_case import fiscal_year
from webapp.form_engine.model import Definition

GIVEN_UP = ("refused", "returned", "declined", "withdrawn", "cancelled")


def left(session: Session, definition: Definition, day: date) -> int | None:
    """Return the yen left in the 年度 of ``day`` (Asia/Tokyo), never below 0; None without a budget."""
    if definition.budget is None:
        return None
    asked = select(func.coalesce(func.sum(Case.benefit_yen), 0)).where(
        Case.slug == definition.slug,
        Case.fiscal_year == fiscal_year(day),
        Case.status.not_in(GIVEN_UP),
    )
    return max(0, definition.budget.yen - int(session.scalar(asked) or 0))


def left_locked(session: Session, definition: Definition, day: date) -> int | None:
    """As ``left``, holding the budget until the transaction ends: the last yen is given once."""
    if definition.budget is None:
        return None
    key = {"slug": definition.slug, "fiscal_year": fiscal_year(day)}
    held = select(BenefitBudget).filter_by(**key).with_for_update()
    if session.scalar(held) is None:
        try:
            with session.begin_nested():
                session.add(BenefitBudget(**key))
        except IntegrityError:
            pass  # somebody else wrote the row first; it is waited for below
        session.scalar(held)
    return left(session, definition, day)
