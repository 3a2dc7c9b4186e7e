"""What this browser may hold and begin, counted where all processes look; not at the counter."""

from collections.abc import Sequence

from webapp.booking import quota
from webapp.booking.models import Booking
from webapp.identity import throttle, visits
from webapp.intake.models import Draft
from webapp.web import guards, sessions
from webapp.web.place import CONNECTION, place
from webapp.web.services import services
from webapp.web.transaction import db


def count_held(bookings: Sequence[Booking]) -> None:
    """Count slots that were just taken. Raises TooManySlots."""
    if not _at_the_counter():
        quota.count(db(), bookings, services().settings.quotas, place(CONNECTION))


def count_confirmed(bookings: Sequence[Booking]) -> None:
    """Those came to their end: the address is free of them."""
    quota.finished(db(), bookings, place(CONNECTION))


def count_draft(draft: Draft) -> None:
    """Count a draft that was just begun. Raises TooMany."""
    if _at_the_counter():
        return
    most, known = services().settings.quotas, draft.resident_id is not None
    subject = f"resident:{draft.resident_id}" if known else f"browser:{sessions.current().row_id}"
    share = quota.SIGNED_IN if known else 1
    throttle.count(db(), "draft.owner", subject, most=most.drafts_an_hour * share or quota.UNLIMITED)
    if not known:
        here = most.unfinished_drafts_here or quota.UNLIMITED
        throttle.count(db(), "draft.here", place(CONNECTION), most=here)


def count_sent() -> None:
    """A draft was sent: the address is free of it."""
    throttle.forgive(db(), "draft.here", place(CONNECTION))


def _at_the_counter() -> bool:
    """Whether staff opened this visit: a person stands before them."""
    return visits.running(db(), sessions.current().get(guards.VISIT)) is not None
