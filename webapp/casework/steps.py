"""Taking a step in the life of a case."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.calendar.business import BusinessCalendar
from webapp.casework import deadline, timeline
from webapp.casework.models import Case
from webapp.casework.states import Step, life

_NEWS_OF_RESIDENT = {"answer_correction": "answered", "withdraw": "withdrawn"}


def take(
    session: Session,
    case: Case,
    step: str,
    actor: Actor,
    *,
    data: dict[str, Any] | None = None,
    public: bool = True,
    calendar: BusinessCalendar | None = None,
) -> Step:
    """Move the case along ``step`` and record it on the timeline.

    The statutory clock stands still while a correction is with the resident; ``calendar`` (the city
    hall's own days) places the due date afterwards.
    Raises IllegalStep, naming the step, when the table of the kind does not have it from here.
    """
    table = life(case.kind)
    taken = table.step(step, case.status)
    target = table.state(taken.target)
    if target.key == "correction":
        deadline.pause(session, case)
    else:
        deadline.resume(session, case, calendar)
        case.answer_by = None
    case.status = target.key
    if target.closed:
        case.closed_at = clock.now()
        case.outcome = target.key
    else:
        case.closed_at = None
        case.outcome = None
    timeline.record(session, case, step, actor, public=public, data=data)
    if actor.kind == "staff":
        settle_news(case)
    else:
        raise_news(case, _NEWS_OF_RESIDENT.get(step))
    return taken


def move(case: Case, step: str) -> Step:
    """Only change the state, for a case that is not stored yet. Raises IllegalStep."""
    table = life(case.kind)
    taken = table.step(step, case.status)
    target = table.state(taken.target)
    case.status = target.key
    case.closed_at = clock.now() if target.closed else None
    case.outcome = target.key if target.closed else None
    return taken


def legal_steps(case: Case, *, by_staff: bool) -> list[Step]:
    """Return what may be done with a case now, by staff or by its resident."""
    return [step for step in life(case.kind).legal(case.status) if step.by_staff == by_staff]


def may(case: Case, step: str) -> bool:
    """Tell whether ``step`` is legal now."""
    known = life(case.kind).steps.get(step)
    return known is not None and case.status in known.origins


def raise_news(case: Case, news: str | None) -> None:
    """Mark that something from outside waits for staff; fresh work stays fresh until it is taken up."""
    if news is None:
        return
    if case.news != "arrived" or news == "withdrawn":
        case.news = news
    case.news_at = clock.now()


def settle_news(case: Case) -> None:
    """Mark that staff took up what was new."""
    case.news = None
    case.news_at = None
