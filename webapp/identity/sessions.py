"""Server-side sessions: made, found, touched, rotated and revoked in the database.

Residents' sessions outlive a long phone call; staff sessions are short (ASVS 7.3, facts in issue 7).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webapp import clock
from webapp.db import new_token
from webapp.identity.models import Staff, WebSession

TOUCH_EVERY = timedelta(seconds=60)
VISIT = "visit"
"""Key of a session's data: the visit at the counter that this tablet has joined."""


@dataclass(frozen=True)
class Limits:
    """How long a session lives without use, and at most."""

    idle: timedelta
    absolute: timedelta


LIMITS = {
    "resident": Limits(idle=timedelta(hours=4), absolute=timedelta(hours=24)),
    "staff": Limits(idle=timedelta(minutes=30), absolute=timedelta(hours=10)),
    "tablet": Limits(idle=timedelta(minutes=10), absolute=timedelta(hours=2)),
}
"""By side; a tablet at the counter passes from hand to hand, so it forgets whoever walked away."""


@dataclass(frozen=True)
class Holder:
    """Whose session it is, and how strongly proved. All empty for a visitor."""

    resident_id: int | None = None
    staff_id: int | None = None
    level: int = 0
    authenticated_at: datetime | None = None


def digest(token: str) -> str:
    """Return what is stored instead of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def find(session: Session, token: str, side: str) -> WebSession | None:
    """Return the session of a cookie, expired ones included (see ``is_alive``)."""
    row = session.scalar(select(WebSession).where(WebSession.token_hash == digest(token)))
    return row if row is not None and row.side == side else None


def is_alive(row: WebSession, at: datetime) -> bool:
    """Tell whether a session may still be used."""
    limits = LIMITS["tablet" if VISIT in row.data else row.side]
    return at < min(row.expires_at, row.created_at + limits.absolute, row.seen_at + limits.idle)


def create(
    session: Session, side: str, data: Mapping[str, Any], holder: Holder, *, device: str = ""
) -> tuple[WebSession, str]:
    """Make a session; returns it with the token for the cookie, which is not kept."""
    token, now = new_token(32), clock.now()
    row = WebSession(
        token_hash=digest(token),
        side=side,
        data=dict(data),
        resident_id=holder.resident_id,
        staff_id=holder.staff_id,
        level=holder.level,
        authenticated_at=holder.authenticated_at,
        created_at=now,
        seen_at=now,
        expires_at=now + LIMITS[side].absolute,
        device=device[:80],
    )
    session.add(row)
    session.flush()
    return row, token


def merge(session: Session, token: str, changed: Mapping[str, Any], removed: set[str]) -> bool:
    """Write only what this request changed, so that two tabs do not undo each other. False: it is gone."""
    row = session.scalar(select(WebSession).where(WebSession.token_hash == digest(token)).with_for_update())
    if row is None:
        return False
    row.data = {**{k: v for k, v in row.data.items() if k not in removed}, **changed}
    row.seen_at = clock.now()
    return True


def touch(session: Session, token: str) -> None:
    """Note that the session is in use."""
    session.execute(
        update(WebSession).where(WebSession.token_hash == digest(token)).values(seen_at=clock.now())
    )


def end(session: Session, token: str) -> None:
    """End one session by its token."""
    session.execute(delete(WebSession).where(WebSession.token_hash == digest(token)))


def of_resident(session: Session, resident_id: int) -> list[WebSession]:
    """Return the living sessions of a resident, latest first."""
    return _living(session, WebSession.resident_id == resident_id)


def of_staff(session: Session, staff_id: int) -> list[WebSession]:
    """Return the living sessions of a staff member, latest first."""
    return _living(session, WebSession.staff_id == staff_id)


def revoke(
    session: Session, row_id: int, *, resident_id: int | None = None, staff_id: int | None = None
) -> bool:
    """End one session of this very holder; False when it is not theirs."""
    query = delete(WebSession).where(WebSession.id == row_id)
    query = query.where(
        WebSession.resident_id == resident_id if resident_id is not None else WebSession.staff_id == staff_id
    )
    return bool(session.execute(query.returning(WebSession.id)).all())


def revoke_all(
    session: Session,
    *,
    resident_id: int | None = None,
    staff_id: int | None = None,
    except_token: str | None = None,
) -> int:
    """End every session of a resident or a staff member (role or password changed); returns how many."""
    if (resident_id is None) == (staff_id is None):
        raise ValueError("name a resident or a staff member")
    query = delete(WebSession).where(
        WebSession.resident_id == resident_id if resident_id is not None else WebSession.staff_id == staff_id
    )
    if except_token:
        query = query.where(WebSession.token_hash != digest(except_token))
    return len(session.execute(query.returning(WebSession.id)).all())


def purge(session: Session) -> int:
    """Delete sessions that ended a day ago or longer; for the clockwork. Returns how many."""
    limit = clock.now() - timedelta(days=1)
    return len(
        session.execute(
            delete(WebSession).where(WebSession.expires_at < limit).returning(WebSession.id)
        ).all()
    )


def staff_may_work(staff: Staff) -> bool:
    """Tell whether a staff account works today: active, and its contract not over."""
    return staff.active and (staff.ends_on is None or clock.today() <= staff.ends_on)


def _living(session: Session, whose: Any) -> list[WebSession]:
    rows = session.scalars(select(WebSession).where(whose).order_by(WebSession.seen_at.desc()))
    now = clock.now()
    return [row for row in rows if is_alive(row, now)]
