"""書かない窓口: staff open a visit for a person present; a tablet joins it by a short code."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.errors import NotFound
from webapp.identity.mandate_models import CounterVisit
from webapp.identity.models import Resident, Staff, WebSession
from webapp.identity.sessions import VISIT, digest

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LIFE = timedelta(minutes=10)
LONGEST = timedelta(hours=2)
CONFIRMED = "visit.confirmed"


def start(session: Session, staff: Staff, actor: Actor) -> tuple[CounterVisit, str]:
    """Open a visit; returns it with the code to type (or scan) on the tablet, which is not kept."""
    code, now = "".join(secrets.choice(ALPHABET) for _ in range(8)), clock.now()
    visit = CounterVisit(
        code_hash=digest(f"visit:{code}"),
        staff_id=staff.id,
        department=staff.department,
        started_at=now,
        code_ends_at=now + CODE_LIFE,
    )
    session.add(visit)
    session.flush()
    _record(session, actor, "visit.start", visit)
    return visit, code


def join(session: Session, code: str) -> CounterVisit:
    """Let a tablet join; the code works once. Raises NotFound, whatever the reason."""
    now, plain = clock.now(), "".join(code.split()).upper()
    free = update(CounterVisit).where(
        CounterVisit.code_hash == digest(f"visit:{plain}"),
        CounterVisit.tablet_at.is_(None),
        CounterVisit.ended_at.is_(None),
        CounterVisit.code_ends_at > now,
    )
    joined = session.execute(free.values(tablet_at=now).returning(CounterVisit.id)).scalar()
    if joined is None:
        raise NotFound("visit", say="この番号は使えません。職員に新しい番号をたずねてください。")
    return session.get_one(CounterVisit, joined)


def running(session: Session, visit_id: int | None) -> CounterVisit | None:
    """Return a visit that goes on, else None."""
    visit = session.get(CounterVisit, visit_id) if visit_id is not None else None
    if visit is None or visit.ended_at is not None or clock.now() > visit.started_at + LONGEST:
        return None
    return visit


def left_of(session: Session, row: WebSession) -> dict[str, int]:
    """Return what an ended session leaves behind: a tablet stays at its visit, the person does not."""
    visit = row.data.get(VISIT)
    return {VISIT: visit} if visit is not None and running(session, visit) is not None else {}


def identified(session: Session, visit: CounterVisit, resident: Resident) -> None:
    """Note that the person at the tablet has read the card."""
    visit.resident_id, visit.proof = resident.id, "card"
    _record(session, Actor("resident", str(resident.id), channel="counter"), "visit.identified", visit)


def confirmed(
    session: Session, visit_id: int | None, *, draft_token: str, case_id: int, actor: Actor
) -> None:
    """Put on record that the person checked and sent this case at the tablet, and which officer served."""
    visit = running(session, visit_id)
    if visit is None:
        return
    visit.draft_token, visit.confirmed_at = draft_token, clock.now()
    details = {"staff": visit.staff_id, "proof": visit.proof}
    audit.record(
        session, actor, CONFIRMED, object_kind="visit", object_id=visit.id, case_id=case_id, details=details
    )


def served_by(session: Session, case_id: int) -> Staff | None:
    """Return the officer at whose counter the person sent this case; None for every other way."""
    entries = audit.of_case(session, case_id, actions=(CONFIRMED,))
    return session.get(Staff, int(entries[-1].details["staff"])) if entries else None


def end(session: Session, visit: CounterVisit, actor: Actor) -> None:
    """End the visit, and with it what the tablet was signed in to."""
    visit.ended_at = clock.now()
    for row in session.scalars(
        select(WebSession).where(WebSession.side == "resident", WebSession.expires_at > clock.now())
    ):
        if row.data.get(VISIT) == visit.id:
            session.delete(row)
    _record(session, actor, "visit.end", visit)


def of_staff(session: Session, staff: Staff) -> list[CounterVisit]:
    """Return the officer's visits that go on."""
    query = select(CounterVisit).where(
        CounterVisit.staff_id == staff.id,
        CounterVisit.ended_at.is_(None),
        CounterVisit.started_at > clock.now() - LONGEST,
    )
    return list(session.scalars(query.order_by(CounterVisit.id.desc())))


def get(session: Session, visit_id: int, staff: Staff) -> CounterVisit:
    """Return the officer's own visit; raises NotFound."""
    visit = session.get(CounterVisit, visit_id)
    if visit is None or visit.staff_id != staff.id:
        raise NotFound(f"visit {visit_id}")
    return visit


def _record(session: Session, actor: Actor, action: str, visit: CounterVisit) -> None:
    details = {"staff": visit.staff_id, "proof": visit.proof}
    audit.record(session, actor, action, object_kind="visit", object_id=visit.id, details=details)
