"""Staff at the organisation's own sign-in (OpenID Connect): linked by invitation, never by mail address."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.errors import IllegalStep
from webapp.identity.models import Staff
from webapp.identity.sessions import digest, staff_may_work
from webapp.identity.staff_models import StaffLink
from webapp.ports.identity import Assertion

STRONG = frozenset({"mfa", "otp", "hwk", "sc"})
"""Methods (RFC 8176) with which the organisation has asked for a second factor itself."""


def find(session: Session, assertion: Assertion) -> Staff | None:
    """Return the account of a proof; None when nobody is linked, or the account does not work any more."""
    row = _row(session, assertion)
    staff = session.get(Staff, row.staff_id) if row is not None else None
    return staff if staff is not None and staff_may_work(staff) else None


def link(session: Session, staff: Staff, assertion: Assertion) -> None:
    """Link an account with a proof; one account has one. Raises IllegalStep for somebody else's proof."""
    row = _row(session, assertion)
    if row is not None and row.staff_id != staff.id:
        raise IllegalStep(
            "link",
            state="linked",
            say="このアカウントは、別の職員に結びついています。管理者に連絡してください。",
        )
    if row is None:
        unlink(session, staff)
        subject = digest(assertion.subject)
        now = clock.now()
        session.add(StaffLink(staff_id=staff.id, issuer=assertion.issuer, subject=subject, linked_at=now))
    actor = Actor("staff", str(staff.id), staff.name)
    audit.record(session, actor, "staff.link", object_kind="staff", object_id=staff.id)


def unlink(session: Session, staff: Staff) -> None:
    """Remove the links of an account."""
    session.execute(delete(StaffLink).where(StaffLink.staff_id == staff.id))


def is_linked(session: Session, staff: Staff) -> bool:
    """Tell whether an account can use the organisation's sign-in."""
    return session.scalar(select(StaffLink.id).where(StaffLink.staff_id == staff.id)) is not None


def has_second_factor(assertion: Assertion) -> bool:
    """Tell whether the organisation's sign-in says that it asked for a second factor."""
    return bool(assertion.amr & STRONG)


def _row(session: Session, assertion: Assertion) -> StaffLink | None:
    query = select(StaffLink).where(
        StaffLink.issuer == assertion.issuer, StaffLink.subject == digest(assertion.subject)
    )
    return session.scalar(query)
