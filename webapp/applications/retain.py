"""How long a decided case is kept, by its procedure and outcome."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.calendar.months import add_months
from webapp.casework.models import Case
from webapp.casework.open_case import fiscal_year
from webapp.errors import NotFound
from webapp.form_engine.model import Definition
from webapp.intake import sheets, versions

LEDGER_YEARS = 5
"""Claims for and against the city lapse after five years (地方自治法236条1項)."""
_REFUSALS = ("refuse", "return", "decline")
_STEP_OF = {"refused": "refuse", "returned": "return", "declined": "decline", "withdrawn": "withdraw"}


def until(definition: Definition, step: str, *, closed_on: date | None = None) -> date | None:
    """Return the last day on which a case is kept that ended with ``step``; None without a rule.

    Years run from the 1 April after closing, as record offices count them (文書の保存期間の起算日);
    months and days run from the closing itself.
    """
    rule = definition.retention
    if rule is None:
        return None
    day = closed_on or clock.today()
    if step == "withdraw":
        return day + timedelta(days=rule.withdrawn_days)
    years = rule.refused_years if step in _REFUSALS and rule.refused_years is not None else rule.years
    if years is not None:
        return _last_of_fiscal_year(fiscal_year(day) + years)
    return add_months(day, rule.months or 0)


def complete(session: Session) -> int:
    """Give a last day to closed cases that have none; returns how many.

    That is what ended without a decision of ours: bookings and whatever has no procedure are kept for
    LEDGER_YEARS, as long as claims about their money live.
    """
    closed = select(Case).where(
        Case.closed_at.is_not(None), Case.retain_until.is_(None), Case.redacted_at.is_(None)
    )
    found = list(session.scalars(closed.order_by(Case.id).limit(1000)))
    for case in found:
        case.retain_until = _by_outcome(session, case)
    return sum(case.retain_until is not None for case in found)


def _by_outcome(session: Session, case: Case) -> date | None:
    assert case.closed_at is not None
    closed_on = clock.tokyo(case.closed_at).date()
    try:
        definition = versions.load(session, sheets.latest(session, case.id).version)
    except NotFound:
        return _last_of_fiscal_year(fiscal_year(closed_on) + LEDGER_YEARS)
    return until(definition, _STEP_OF.get(case.outcome or "", "complete"), closed_on=closed_on)


def _last_of_fiscal_year(year: int) -> date:
    """Return 31 March at the end of 年度 ``year``."""
    return date(year + 1, 3, 31)
