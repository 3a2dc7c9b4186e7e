"""How long a decided case is kept, by its procedure and outcome."""

from __future__ import annotations

from datetime import date, timedelta

from webapp import clock
from webapp.calendar.months import add_months
from webapp.form_engine.model import Definition

_REFUSALS = ("refuse", "return", "decline")


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
        return _last_of_fiscal_year(day.year + years if day.month >= 4 else day.year - 1 + years)
    return add_months(day, rule.months or 0)


def _last_of_fiscal_year(year: int) -> date:
    """Return 31 March at the end of 年度 ``year``."""
    return date(year + 1, 3, 31)
