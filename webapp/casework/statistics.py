"""Counts over cases by procedure and 年度: channels, online share, outcomes, time to decide, late ones.

オンライン申請率 = online ÷ (online + entered by staff), per procedure and 年度; a case that was moved to
another department counts once. Numbers only, no persons; small cells are for the reader to hide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from webapp import clock
from webapp.calendar.business import BusinessCalendar
from webapp.casework.models import Case

ONLINE = ("web", "line")
FEW = 5
"""Below this number a cell may point at a person; exports say 「5件未満」 instead."""


@dataclass(frozen=True)
class ProcedureLine:
    """One procedure in one 年度."""

    slug: str
    kind: str
    title: str
    department: str
    total: int
    online: int
    open: int
    accepted: int
    refused: int
    withdrawn: int
    median_days: float | None
    """Open days from arrival to closing; None before anything was closed."""
    late: int

    @property
    def share(self) -> float | None:
        """Online share from 0 to 1; None without cases."""
        return self.online / self.total if self.total else None

    @property
    def handled(self) -> int:
        """Cases that were dealt with: decided either way, answered, or passed on to the body in charge."""
        return self.accepted + self.refused


@dataclass(frozen=True)
class YearLine:
    """One procedure's cases of one 年度, and all up to and including it."""

    year: int
    total: int
    running: int


def years(session: Session) -> list[int]:
    """Return the 年度 in which cases arrived, newest first."""
    return list(session.scalars(select(Case.fiscal_year).distinct().order_by(Case.fiscal_year.desc())))


@dataclass(frozen=True)
class Sum:
    """Several lines taken together."""

    total: int
    online: int
    open: int
    accepted: int
    refused: int
    withdrawn: int
    late: int

    @property
    def share(self) -> float | None:
        """Online share from 0 to 1; None without cases."""
        return self.online / self.total if self.total else None


def together(lines: Sequence[ProcedureLine]) -> Sum:
    """Return the sums of ``lines``."""
    return Sum(**{one.name: sum(getattr(line, one.name) for line in lines) for one in fields(Sum)})


def by_procedure(
    session: Session, year: int, calendar: BusinessCalendar, *, departments: frozenset[str] | None = None
) -> list[ProcedureLine]:
    """Return a line per procedure of 年度 ``year``; ``departments`` None means all of them."""
    query = select(
        Case.slug,
        Case.kind,
        Case.title,
        Case.department,
        Case.channel,
        Case.outcome,
        Case.arrived_at,
        Case.closed_at,
        Case.due_on,
    ).where(Case.fiscal_year == year)
    query = query.where(_of(departments)).order_by(Case.department, Case.slug, Case.id)
    groups: dict[tuple[bool, str], list[Any]] = {}
    for row in session.execute(query):
        groups.setdefault((row.kind == "booking", row.slug), []).append(row)
    return [_line(rows, calendar) for rows in groups.values()]


def by_year(session: Session, slug: str) -> list[YearLine]:
    """Return the numbers of one procedure by 年度 with their running total, the oldest first."""
    query = select(Case.fiscal_year, func.count()).where(Case.slug == slug).group_by(Case.fiscal_year)
    lines: list[YearLine] = []
    for year, count in session.execute(query.order_by(Case.fiscal_year)):
        running = lines[-1].running if lines else 0
        lines.append(YearLine(int(year), int(count), running + int(count)))
    return lines


def per_month(
    session: Session, year: int, *, departments: frozenset[str] | None = None
) -> list[tuple[str, int, int]]:
    """Return (month, all, online) for the twelve months of 年度 ``year``, April first."""
    counts: dict[tuple[int, int], list[int]] = {}
    query = select(Case.arrived_at, Case.channel).where(Case.fiscal_year == year, _of(departments))
    for at, channel in session.execute(query):
        local = clock.tokyo(at)
        cell = counts.setdefault((local.year, local.month), [0, 0])
        cell[0] += 1
        cell[1] += channel in ONLINE
    months = [(year, month) for month in range(4, 13)] + [(year + 1, month) for month in range(1, 4)]
    lines = []
    for when in months:
        everything, online = counts.get(when, [0, 0])
        lines.append((f"{when[1]}月", everything, online))
    return lines


def channels(session: Session, year: int, *, departments: frozenset[str] | None = None) -> dict[str, int]:
    """Return the number of cases by channel."""
    chosen = (Case.fiscal_year == year, _of(departments))
    query = select(Case.channel, func.count()).where(*chosen).group_by(Case.channel)
    return {str(channel): int(count) for channel, count in session.execute(query)}


def _of(departments: frozenset[str] | None) -> ColumnElement[bool]:
    return true() if departments is None else Case.department.in_(sorted(departments))


def _line(rows: list[Any], calendar: BusinessCalendar) -> ProcedureLine:
    last = rows[-1]
    days = [_days(row.arrived_at, row.closed_at, calendar) for row in rows if row.closed_at]
    outcomes = [row.outcome for row in rows]
    return ProcedureLine(
        slug=last.slug,
        kind=last.kind,
        title=str(last.title.get("ja") or last.slug),
        department=last.department,
        total=len(rows),
        online=sum(row.channel in ONLINE for row in rows),
        open=sum(row.closed_at is None for row in rows),
        accepted=sum(one in ("accepted", "completed", "answered", "forwarded") for one in outcomes),
        refused=sum(one in ("refused", "returned", "declined") for one in outcomes),
        withdrawn=sum(one in ("withdrawn", "cancelled") for one in outcomes),
        median_days=median(days) if days else None,
        late=sum(_was_late(row) for row in rows),
    )


def _days(start: datetime, end: datetime, calendar: BusinessCalendar) -> int:
    return calendar.business_days_between(clock.tokyo(start).date(), clock.tokyo(end).date())


def _was_late(row: Any) -> bool:
    if row.due_on is None:
        return False
    end = clock.tokyo(row.closed_at).date() if row.closed_at else clock.today()
    return bool(end > row.due_on)
