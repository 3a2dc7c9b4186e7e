"""Invitations: a link with which a new, or locked-out, staff member sets the password. Works once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.db import new_token
from webapp.errors import NotFound
from webapp.identity import staff_accounts
from webapp.identity.models import Staff
from webapp.identity.sessions import digest, staff_may_work
from webapp.identity.staff_models import StaffInvitation

LIFE = timedelta(days=3)


def invite(session: Session, staff: Staff, actor: Actor) -> str:
    """Make an invitation and end earlier ones; returns the token for the link, which is not kept."""
    now, token = clock.now(), new_token(32)
    earlier = update(StaffInvitation).where(
        StaffInvitation.staff_id == staff.id, StaffInvitation.used_at.is_(None)
    )
    session.execute(earlier.values(expires_at=now))
    session.add(
        StaffInvitation(
            token_hash=digest(token),
            staff_id=staff.id,
            invited_by_id=int(actor.id) if actor.kind == "staff" and actor.id else None,
            created_at=now,
            expires_at=now + LIFE,
        )
    )
    audit.record(session, actor, "staff.invite", object_kind="staff", object_id=staff.id)
    return token


def of_token(session: Session, token: str) -> tuple[StaffInvitation, Staff]:
    """Return a living invitation and its account; raises NotFound, whatever the reason."""
    found = session.scalar(select(StaffInvitation).where(StaffInvitation.token_hash == digest(token)))
    if found is None or found.used_at is not None or clock.now() >= found.expires_at:
        raise NotFound("invitation")
    staff = session.get_one(Staff, found.staff_id)
    if not staff_may_work(staff):
        raise NotFound("invitation")
    return found, staff


def accept(session: Session, token: str, password: str) -> Staff:
    """Set the password; a second factor stays needed. Raises NotFound, InvalidInput for a weak password."""
    invitation, staff = of_token(session, token)
    staff_accounts.set_password(session, staff, password, Actor("staff", str(staff.id), staff.name))
    use_up(invitation)
    return staff


def use_up(invitation: StaffInvitation) -> None:
    """Note that an invitation has done its work."""
    invitation.used_at = clock.now()
