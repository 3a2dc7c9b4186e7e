"""The day of a facility as staff see it: who, when, where, and what is free."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor, record
from webapp.booking import find
from webapp.booking.availability import grid
from webapp.booking.close import KIND_WORDS, closures_of
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facilities, Facility, Room
from webapp.booking.models import Booking, Closure
from webapp.booking.person import Booker
from webapp.booking.shape import CellState
from webapp.booking.states import HOLDING
from webapp.booking.times import instant, minutes
from webapp.casework.models import Case
from webapp.errors import NotFound

STAFF = Booker("staff", None, {"resident": True, "ticket": 0, "commercial": False}, staff=True)


@dataclass(frozen=True)
class Use:
    """A booking with its case."""

    booking: Booking
    case: Case | None


@dataclass(frozen=True)
class BoardRow:
    """One room on one day."""

    room: Room
    uses: list[Use]
    closures: list[Closure]
    cells: Sequence[CellState]

    @property
    def free(self) -> list[CellState]:
        """What staff may book: the residents' own windows do not bind them."""
        return [cell for cell in self.cells if cell.state in ("free", "too_late", "too_early")]


def board(session: Session, facilities: Facilities, facility: Facility, day: date) -> list[BoardRow]:
    """All rooms of a day."""
    bookings = find.of_day(session, facility.slug, day, sorted(HOLDING))
    ids = [booking.case_id for booking in bookings if booking.case_id is not None]
    cases = {case.id: case for case in session.scalars(select(Case).where(Case.id.in_(ids)))}
    start, end = instant(day, 0), instant(day + timedelta(days=1), 0)
    closures = closures_of(session, facility.slug, start, end)
    return [
        BoardRow(
            row.room,
            [Use(b, cases.get(b.case_id or 0)) for b in bookings if b.room == row.room.key],
            [c for c in closures if _concerns(facility, c, row.room)],
            row.days[0].cells,
        )
        for row in grid(session, facilities, facility, facility.rooms, day, 1, STAFF)
    ]


def applications(session: Session, slugs: list[str]) -> list[Use]:
    """What waits for approval, the earliest use first."""
    query = (
        select(Booking, Case)
        .join(Case, Case.id == Booking.case_id)
        .where(Booking.state == "applied", Booking.facility.in_(slugs))
        .order_by(Booking.starts_at)
    )
    return [Use(booking, case) for booking, case in session.execute(query)]


def attend(session: Session, facility: str, token: str, came: bool, actor: Actor) -> Booking:
    """Note on the day whether they came. Raises NotAllowed before the use begins, NotFound."""
    booking = find.lock_booking(session, token)
    if booking.facility != facility:
        raise NotFound(token)
    if clock.now() < booking.starts_at:
        raise NotAllowed("attendance", "利用の開始前は、来館を記録できません。")
    booking.attended = came
    details = {"came": came}
    record(session, actor, "booking.attended", object_kind="booking", object_id=booking.id, details=details)
    return booking


def closure_words(closure: Closure) -> str:
    kinds: dict[str, str] = {str(key): word for key, word in KIND_WORDS.items()}
    return kinds.get(closure.kind, closure.kind)


def until(day: date, text: str) -> datetime:
    """The instant of "21:00" or "24:00" on a day. Raises ValueError."""
    return instant(day, minutes(text))


def _concerns(facility: Facility, closure: Closure, room: Room) -> bool:
    atoms = {atom for key in closure.rooms for atom in facility.room(key).atoms}
    return bool(atoms & set(room.atoms))
