"""Opening a case: the moment something arrives at the counter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final, cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.casework import reference as numbers
from webapp.casework import search, states, steps, timeline
from webapp.casework.keys import digest, key
from webapp.casework.models import Case
from webapp.db import is_postgres
from webapp.kept import store

_ATTEMPTS = 20
_TABLE = cast(Table, Case.__table__)
_KEY: Final = ["reference"]
_POSTGRES = postgresql.insert(_TABLE).on_conflict_do_nothing(index_elements=_KEY).returning(_TABLE.c.id)
_SQLITE = sqlite.insert(_TABLE).on_conflict_do_nothing(index_elements=_KEY).returning(_TABLE.c.id)


def fiscal_year(day: date) -> int:
    """Return the 年度 of a day (April to March)."""
    return day.year if day.month >= 4 else day.year - 1


def hashed_password(session: Session, password: str) -> str:
    """Return the keyed hash under which a lookup password is kept."""
    return digest(key(session), "lookup", numbers.tidy_password(password)).hex()


def open_case(
    session: Session,
    *,
    kind: str,
    slug: str,
    title: dict[str, Any],
    department: str,
    actor: Actor,
    resident_id: int | None = None,
    contact: dict[str, Any],
    channel: str = "web",
    arrived_at: datetime | None = None,
    due_on: date | None = None,
    period: dict[str, Any] | None = None,
    search_text: Iterable[str] = (),
    data: dict[str, Any] | None = None,
    at_once: Sequence[str] = (),
) -> tuple[Case, str]:
    """Open a case in the first state of its kind and return it with its lookup password.

    The password is shown once and kept as a keyed hash only. ``arrived_at`` is the recorded arrival
    (デジタル手続法6条3項), ``due_on`` the statutory due date in Asia/Tokyo, ``period`` what it came from.
    ``contact`` holds name, kana, tel, email, lang. ``search_text`` is indexed beside the contact.
    ``at_once`` are steps taken by the arrival itself (a booking that costs nothing is confirmed).
    Raises InvalidInput for an unknown kind, IllegalStep.
    """
    life = states.life(kind)
    now = clock.now()
    at = arrived_at or now
    password = numbers.new_password()
    case = Case(
        kind=kind,
        slug=slug,
        title=title,
        department=department,
        status=life.initial,
        resident_id=resident_id,
        contact=dict(contact),
        channel=channel,
        password_hash=hashed_password(session, password),
        arrived_at=at,
        fiscal_year=fiscal_year(clock.tokyo(at).date()),
        period=period,
        due_on=due_on,
        news="arrived",
        news_at=at,
        updated_at=now,
    )
    for step in at_once:
        steps.move(case, step)
    if at_once and actor.kind == "staff":
        steps.settle_news(case)
    _store(session, case, clock.tokyo(at).year)
    index_case(session, case, search_text, fresh=True)
    taken: dict[str, dict[str, Any]] = {step: {} for step in at_once}
    timeline.record_all(session, case, {"opened": data or {}, **taken}, actor, public=True, at=now)
    return case, password


def index_case(session: Session, case: Case, texts: Iterable[str] = (), *, fresh: bool = False) -> None:
    """Make a case findable by contact, reference, title and ``texts``; replaces what was indexed."""
    contact = [str(case.contact.get(part) or "") for part in ("name", "kana", "tel", "email")]
    given = [texts] if isinstance(texts, str) else list(texts)
    search.index(
        session, case.id, [case.reference, str(case.title.get("ja") or ""), *contact, *given], fresh=fresh
    )


def renew_password(session: Session, case: Case, actor: Actor) -> str:
    """Give a new lookup password (the old one stops working), for someone who proved who they are."""
    password = numbers.new_password()
    case.password_hash = hashed_password(session, password)
    timeline.record(session, case, "password_renewed", actor)
    return password


def _store(session: Session, case: Case, year: int) -> None:
    """Write the case under a reference number that nobody has."""
    insert = _POSTGRES if is_postgres(session) else _SQLITE
    for _ in range(_ATTEMPTS):
        case.reference = numbers.new_reference(year)
        if store(session, case, insert):
            return
    raise RuntimeError("no free reference number found")
