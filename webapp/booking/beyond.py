"""Limits that an officer passes knowingly: which, why, and who answers for it."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from webapp import audit
from webapp.audit import Actor
from webapp.booking.errors import NotAllowed
from webapp.booking.models import Booking
from webapp.booking.person import Booker
from webapp.casework import timeline
from webapp.casework.models import Case


def keep(booking: Booking, passed: Sequence[NotAllowed], booker: Booker) -> bool:
    """Seal on the booking which limits were passed and why; False where none was."""
    if passed:
        rules = dict.fromkeys([*booking.why("limits").split(), *(one.rule for one in passed)])
        booking.give_reason("limits", " ".join(rules))
        booking.give_reason("beyond", booker.beyond)
    return bool(passed)


def note(session: Session, case: Case, booking: Booking, actor: Actor) -> None:
    """Tell the case why, and the audit trail which limits: it holds no typed text, the case does."""
    reason, rules = booking.why("beyond"), booking.why("limits").split()
    timeline.record(session, case, "limit_passed", actor, data={"reason": reason})
    audit.record(
        session,
        actor,
        "booking.beyond_limit",
        object_kind="booking",
        object_id=booking.id,
        case_id=case.id,
        details={"rules": rules},
    )
