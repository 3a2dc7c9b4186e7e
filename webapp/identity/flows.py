"""Sign-ins under way: opened before the browser leaves, taken once when it comes back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webapp import clock
from webapp.identity.models import SignInFlow
from webapp.identity.sessions import digest
from webapp.ports.identity import Begun, Level, LostBrowser, ProtocolBroken

LIFE = timedelta(minutes=10)
MOST_PER_BROWSER = 5


def open_flow(
    session: Session,
    begun: Begun,
    *,
    provider: str,
    browser: str,
    level: Level,
    resume: Mapping[str, Any],
    purpose: str = "sign_in",
) -> SignInFlow:
    """Keep a started flow for ten minutes, bound to this browser; of more than five the oldest go."""
    now = clock.now()
    mine = (
        select(SignInFlow.id).where(SignInFlow.browser_hash == digest(browser)).order_by(SignInFlow.id.desc())
    )
    too_many = list(session.scalars(mine.offset(MOST_PER_BROWSER - 1)))
    session.execute(delete(SignInFlow).where(SignInFlow.id.in_(too_many)))
    flow = SignInFlow(
        state_hash=digest(begun.state),
        browser_hash=digest(browser),
        provider=provider,
        purpose=purpose,
        level=int(level),
        secrets={**begun.secrets, "state": begun.state},
        resume=dict(resume),
        created_at=now,
        expires_at=now + LIFE,
    )
    session.add(flow)
    session.flush()
    return flow


def take(
    session: Session,
    state: str,
    browser: str | None,
    *,
    purposes: Collection[str] = ("sign_in", "sign"),
) -> SignInFlow:
    """Return the flow of a callback and mark it used; a callback takes only flows of its own purposes.

    Raises LostBrowser when another browser (or a private window) started it, ProtocolBroken when the
    state is unknown, used or over.
    """
    flow = session.scalar(select(SignInFlow).where(SignInFlow.state_hash == digest(state)))
    if flow is None or flow.purpose not in purposes:
        raise ProtocolBroken("unknown_state")
    if browser is None or flow.browser_hash != digest(browser):
        raise LostBrowser("the flow was started elsewhere")
    if clock.now() >= flow.expires_at:
        raise ProtocolBroken("flow_expired")
    mark = update(SignInFlow).where(SignInFlow.id == flow.id, SignInFlow.used_at.is_(None))
    if not session.execute(mark.values(used_at=clock.now()).returning(SignInFlow.id)).all():
        raise ProtocolBroken("flow_used")
    return flow


def purge(session: Session) -> int:
    """Delete flows that ended an hour ago or longer; for the clockwork."""
    old = delete(SignInFlow).where(SignInFlow.expires_at < clock.now() - timedelta(hours=1))
    return len(session.execute(old.returning(SignInFlow.id)).all())
