"""The one inbox: every kind of case, filtered, searched, sorted and counted in three queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy import case as when
from sqlalchemy.orm import Session

from webapp import clock
from webapp.casework import search
from webapp.casework.duties import overdue
from webapp.casework.models import Case
from webapp.casework.scope import asked, within
from webapp.identity.models import Staff
from webapp.identity.permissions import Scope

PER_PAGE = 50
SOON = timedelta(days=3)
OTHER_NEWS = ("withdrawn", "paid", "unpaid", "opinion", "overdue")


@dataclass(frozen=True)
class Wish:
    """What an officer wants to see. ``mine`` are the ids of the officer and of those stood in for."""

    scope: Scope
    view: str = "open"
    mine: tuple[int, ...] = ()
    text: str = ""
    kind: str = ""
    slug: str = ""
    status: str = ""
    department: str = ""
    assignee: str = ""
    channel: str = ""
    arrived_from: date | None = None
    arrived_to: date | None = None
    sort: str = "due"
    page: int = 1
    per_page: int = PER_PAGE

    @property
    def is_narrowed(self) -> bool:
        """Tell whether more than the view and the words narrow the search."""
        narrow = (self.kind, self.slug, self.status, self.department, self.assignee, self.channel)
        return any((*narrow, self.arrived_from, self.arrived_to, self.sort != "due"))


@dataclass(frozen=True)
class Line:
    """One row of the inbox."""

    case: Case
    assignee: str | None


@dataclass(frozen=True)
class Found:
    """One page of what was found."""

    lines: list[Line]
    total: int
    page: int
    pages: int
    counters: Mapping[str, int] = field(default_factory=dict)


VIEWS: Mapping[str, str] = MappingProxyType(
    {
        "open": "処理中",
        "new": "新着",
        "answered": "補正が届いた",
        "message": "メッセージ",
        "other": "取下げ・入金など",
        "mine": "自分の担当",
        "unassigned": "担当者なし",
        "late": "期限超過",
        "soon": "期限が近い",
        "correction": "補正待ち",
        "unanswered": "補正の期限切れ",
        "owed": "提出の期限切れ",
        "opinion": "意見照会",
        "closed": "終了",
        "all": "すべて",
    }
)

SORTS: Mapping[str, str] = MappingProxyType(
    {"due": "期限が早い順", "new": "受付が新しい順", "old": "受付が古い順", "updated": "更新が新しい順"}
)


def find(session: Session, wish: Wish) -> Found:
    """Return one page of cases with the assignee's name, the total, and the counters of all views."""
    conditions = _conditions(session, wish)
    total = session.scalar(select(func.count()).select_from(Case).where(*conditions)) or 0
    pages = max(1, -(-total // wish.per_page))
    page = min(max(1, wish.page), pages)
    query = (
        _sorted(select(Case, Staff.name), wish.sort)
        .outerjoin(Staff, Staff.id == Case.assignee_id)
        .where(*conditions)
        .limit(wish.per_page)
        .offset((page - 1) * wish.per_page)
    )
    lines = [Line(found, name) for found, name in session.execute(query)]
    return Found(lines, total, page, pages, counters(session, wish.scope, wish.mine))


def references(session: Session, wish: Wish, most: int) -> list[str]:
    """Return the references of everything ``wish`` finds, at most ``most``, for batch work and export."""
    query = _sorted(select(Case.reference), wish.sort).where(*_conditions(session, wish)).limit(most)
    return list(session.scalars(query))


def counters(session: Session, scope: Scope, mine: tuple[int, ...]) -> dict[str, int]:
    """Return how many cases each view holds, in one query."""
    names = [name for name in VIEWS if name not in ("closed", "all", "opinion")]
    sums = [
        func.coalesce(func.sum(when((_view(name, scope, mine), 1), else_=0)), 0).label(name) for name in names
    ]
    alive = or_(Case.closed_at.is_(None), Case.news.is_not(None), Case.id.in_(overdue(clock.today())))
    row = session.execute(select(*sums).where(within(scope), alive)).one()
    found = {name: int(getattr(row, name)) for name in names}
    found["opinion"] = (
        session.scalar(select(func.count()).select_from(Case).where(asked(scope), Case.closed_at.is_(None)))
        or 0
        if scope.departments
        else 0
    )
    return found


def waiting(session: Session, department: str) -> dict[str, int]:
    """Return the counters of one department, for its digest mail."""
    return counters(session, Scope(departments=frozenset({department})), ())


def _conditions(session: Session, wish: Wish) -> list[ColumnElement[bool]]:
    base = asked(wish.scope) if wish.view == "opinion" else within(wish.scope)
    conditions = [base, _view(wish.view, wish.scope, wish.mine), *_plain(wish), *_spans(wish)]
    query = search.matching(session, wish.text)
    if query is not None:
        conditions.append(Case.id.in_(query))
    return conditions


def _plain(wish: Wish) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    columns: dict[str, Any] = {
        "kind": Case.kind,
        "slug": Case.slug,
        "status": Case.status,
        "department": Case.department,
        "channel": Case.channel,
    }
    for name, column in columns.items():
        value = getattr(wish, name)
        if value:
            conditions.append(column == value)
    if wish.assignee == "none":
        conditions.append(Case.assignee_id.is_(None))
    elif wish.assignee.isdecimal():
        conditions.append(Case.assignee_id == int(wish.assignee))
    return conditions


def _spans(wish: Wish) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wish.arrived_from:
        conditions.append(Case.arrived_at >= _midnight(wish.arrived_from))
    if wish.arrived_to:
        conditions.append(Case.arrived_at < _midnight(wish.arrived_to + timedelta(days=1)))
    return conditions


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.TOKYO)


def _view(view: str, scope: Scope, mine: tuple[int, ...]) -> ColumnElement[bool]:
    today = clock.today()
    is_open = Case.closed_at.is_(None)
    runs = and_(is_open, Case.paused_at.is_(None))
    views: dict[str, ColumnElement[bool]] = {
        "open": is_open,
        "new": and_(is_open, Case.news == "arrived"),
        "answered": and_(is_open, Case.news == "answered"),
        # These may come after a case was closed, and must not be lost there.
        "message": Case.news == "message",
        "other": Case.news.in_(OTHER_NEWS),
        "mine": and_(is_open, Case.assignee_id.in_(mine or (0,))),
        "unassigned": and_(is_open, Case.assignee_id.is_(None)),
        "late": and_(runs, Case.due_on < today),
        "soon": and_(runs, Case.due_on >= today, Case.due_on <= today + SOON),
        "correction": and_(is_open, Case.status == "correction"),
        "unanswered": and_(is_open, Case.answer_by < today),
        # Reports and renewals fall due after the case was closed.
        "owed": Case.id.in_(overdue(today)),
        "opinion": is_open,
        "closed": Case.closed_at.is_not(None),
        "all": or_(is_open, Case.closed_at.is_not(None)),
    }
    return views.get(view, is_open)


def _sorted(query: Any, sort: str) -> Any:
    orders: dict[str, tuple[Any, ...]] = {
        # Without a due date comes last; a boolean sorts the same on both databases.
        "due": (Case.due_on.is_(None), Case.due_on, Case.id),
        "new": (Case.arrived_at.desc(), Case.id.desc()),
        "old": (Case.arrived_at, Case.id),
        "updated": (Case.updated_at.desc(), Case.id.desc()),
    }
    return query.order_by(*orders.get(sort, orders["due"]))
