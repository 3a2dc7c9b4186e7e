"""What is over: cases whose last use has passed end, and holds that nobody confirmed are forgotten."""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import SYSTEM
from webapp.booking.models import Booking
from webapp.booking.states import HOLDING
from webapp.casework import steps
from webapp.casework.models import Case
from webapp.payment.models import Charge

BATCH = 200
ABANDONED = frozenset({"expired", "released"})
KEEP_ABANDONED = timedelta(days=1)
"""Long enough to tell somebody who comes back to the page that their time was over."""


def close_used(session: Session, limit: int = BATCH) -> int:
    """End cases whose every use has passed, so that the years they are kept begin; returns how many.

    A case stays open while a use is undecided or unpaid, and while money is owed in either direction: what
    waits for a person is not tidied away. Safe to run twice or in two workers.
    """
    query = (
        select(Case)
        .where(Case.kind == "booking", Case.status == "confirmed", _was_used(), ~_stands(), ~_owes())
        .order_by(Case.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    cases = list(session.scalars(query))
    for case in cases:
        steps.take(session, case, "complete", SYSTEM)
    return len(cases)


def forget_abandoned(session: Session) -> int:
    """Delete holds that ran out or were given back, with what was typed into them; returns how many."""
    old = delete(Booking).where(
        Booking.state.in_(ABANDONED),
        Booking.case_id.is_(None),
        Booking.ended_at < clock.now() - KEEP_ABANDONED,
    )
    return int(getattr(session.execute(old), "rowcount", 0))


def _was_used() -> ColumnElement[bool]:
    return exists().where(Booking.case_id == Case.id, Booking.state == "confirmed")


def _stands() -> ColumnElement[bool]:
    """A use to come, or one that somebody has to decide or pay."""
    to_come = or_(Booking.state != "confirmed", Booking.ends_at > clock.now())
    return exists().where(Booking.case_id == Case.id, Booking.state.in_(HOLDING), to_come)


def _owes() -> ColumnElement[bool]:
    return exists().where(Charge.case_id == Case.id, Charge.open_yen != 0)
