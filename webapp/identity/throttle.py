"""Attempts counted in the database, so that all workers share one limit (ASVS 2.4.1, 6.3.1).

Windows are fixed; a lock is temporary and never per person alone, so it is no weapon against others.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from webapp import clock
from webapp.db import is_postgres
from webapp.errors import TooMany
from webapp.identity.models import Throttle


@dataclass(frozen=True)
class Limit:
    """At most ``attempts`` in ``window``."""

    attempts: int
    window: timedelta


LIMITS: dict[str, Limit] = {
    "staff_sign_in.account": Limit(30, timedelta(minutes=15)),
    "staff_sign_in.account_here": Limit(8, timedelta(minutes=15)),
    "staff_sign_in.here": Limit(60, timedelta(minutes=15)),
    "second_factor": Limit(8, timedelta(minutes=15)),
    "resident_sign_in.here": Limit(60, timedelta(minutes=15)),
    "mail_link.address": Limit(4, timedelta(minutes=30)),
    "mail_link.here": Limit(20, timedelta(minutes=30)),
    "flow.here": Limit(40, timedelta(minutes=10)),
    "lookup.reference": Limit(10, timedelta(hours=1)),
    "lookup.here": Limit(30, timedelta(minutes=15)),
    "send.here": Limit(40, timedelta(hours=1)),
    "upload.here": Limit(120, timedelta(hours=1)),
    "mandate.offer": Limit(10, timedelta(days=1)),
    "hold.owner": Limit(60, timedelta(hours=1)),
    "hold.here": Limit(100, timedelta(hours=1)),
    "draft.owner": Limit(40, timedelta(hours=1)),
    "draft.here": Limit(300, timedelta(hours=1)),
}
"""Every limit in one table; the part after the dot says what is counted.

How many holds and drafts there may be is the city's setting (``settings.Quotas``); here stands the window.
"""


def count(session: Session, name: str, subject: str, *, by: int = 1, most: int | None = None) -> int:
    """Count an attempt and return how many there were in the window; raises TooMany over the limit.

    Commit before the attempt itself is made: a rolled-back count is no count. ``by`` counts several at once,
    ``most`` replaces the table's limit. Until the end of the transaction nobody else counts this subject.
    """
    limit, now = LIMITS[name], clock.now()
    limit = limit if most is None else replace(limit, attempts=most)
    insert: Any = postgresql.insert if is_postgres(session) else sqlite.insert
    is_over = Throttle.window_start <= now - limit.window
    statement = insert(Throttle).values(key=_key(name, subject), window_start=now, count=by)
    statement = statement.on_conflict_do_update(
        index_elements=[Throttle.key],
        set_={
            "count": case((is_over, by), else_=Throttle.count + by),
            "window_start": case((is_over, now), else_=Throttle.window_start),
        },
    ).returning(Throttle.count, Throttle.window_start)
    attempts, start = session.execute(statement).one()
    if attempts > limit.attempts:
        raise TooMany(f"{name}: {attempts} attempts", retry_after=_seconds_left(start, limit, now))
    return int(attempts)


def forgive(session: Session, name: str, subject: str, *, by: int = 1) -> None:
    """Take back what was counted, once it has come to a good end; never below none."""
    left = case((Throttle.count > by, Throttle.count - by), else_=0)
    session.execute(update(Throttle).where(Throttle.key == _key(name, subject)).values(count=left))


def clear(session: Session, name: str, subject: str) -> None:
    """Forget the attempts, after one that succeeded."""
    session.execute(delete(Throttle).where(Throttle.key == _key(name, subject)))


def purge(session: Session) -> int:
    """Delete counters older than any window; for the clockwork."""
    longest = max(limit.window for limit in LIMITS.values())
    old = delete(Throttle).where(Throttle.window_start < clock.now() - longest)
    return len(session.execute(old.returning(Throttle.key)).all())


def _key(name: str, subject: str) -> str:
    return hashlib.sha256(f"{name}\n{subject}".encode()).hexdigest()


def _seconds_left(start: datetime, limit: Limit, now: datetime) -> int:
    return max(1, math.ceil((start + limit.window - now).total_seconds()))
