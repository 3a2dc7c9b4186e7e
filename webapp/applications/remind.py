"""Reminding residents before a deadline, and staff of what waits; called by the clockwork once a day.

Every message has a dedupe key of its case and day, so a run that is repeated tells nobody twice.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.casework import duties, inbox, steps, telling
from webapp.casework.models import Case
from webapp.identity.models import Staff
from webapp.identity.permissions import scope_of
from webapp.intake.models import Correction
from webapp.messaging.staff_digest import DigestCounts, send_digest

BEFORE = timedelta(days=3)
DIGEST_VIEWS = (
    "new", "answered", "message", "other", "late", "soon", "unanswered", "owed", "opinion",
)  # fmt: skip


def remind_corrections(session: Session) -> int:
    """Remind of corrections that end within three days, and tell of those that are over; returns how many.

    An overdue correction becomes news for staff: it is theirs to refuse, extend or telephone.
    """
    today = clock.today()
    query = (
        select(Correction, Case)
        .join(Case, Case.id == Correction.case_id)
        .where(Correction.status == "open", Correction.deadline <= today + BEFORE)
        .order_by(Correction.id)
    )
    told = 0
    for correction, case in session.execute(query):
        over = correction.deadline < today
        event = "correction_overdue" if over else "correction_reminder"
        key = f"case:{case.id}:correction:{correction.id}:{'over' if over else 'soon'}"
        telling.tell_resident(
            session, case, event, dedupe_key=key, data={} if over else {"deadline": correction.deadline}
        )
        if over and case.news is None:
            steps.raise_news(case, "overdue")
        told += 1
    return told


def remind_duties(session: Session) -> int:
    """Remind of what residents still owe, a week before it is due; returns how many."""
    found = duties.to_remind(session, clock.today())
    for duty, case in found:
        telling.tell_resident(
            session,
            case,
            "duty_reminder",
            dedupe_key=f"case:{case.id}:duty:{duty.id}:{duty.due_on.isoformat()}",
            data={"deadline": duty.due_on, "document": duty.label},
        )
        duty.reminded_at = clock.now()
    return len(found)


def send_digests(session: Session, departments: list[str]) -> int:
    """Write the digest mails of every department to those who work there; returns how many mails."""
    sent = 0
    for department in departments:
        counts = inbox.waiting(session, department)
        numbers = {
            inbox.VIEWS[view]: counts[view]
            for view in (
                "new",
                "answered",
                "message",
                "other",
                "late",
                "soon",
                "unanswered",
                "owed",
                "opinion",
            )
        }
        sent += send_digest(session, DigestCounts(department, numbers), _addresses(session, department))
    return sent


def _addresses(session: Session, department: str) -> list[str]:
    staff = session.scalars(
        select(Staff).where(Staff.department == department, Staff.active.is_(True), Staff.email != "")
    )
    return sorted(
        {one.email for one in staff if scope_of(one.roles, "case.read").covers(department=department)}
    )
