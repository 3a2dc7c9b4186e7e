"""Moving a booking to another time or room without letting go of it first."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.booking import letters
from webapp.booking.cells import cell_ids
from webapp.booking.counting import exchange
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facilities, Facility, Room
from webapp.booking.find import lock_booking
from webapp.booking.hold import check_wish, clear_holds, days_of, facility_and_room
from webapp.booking.models import Booking, Occupancy
from webapp.booking.occupy import Slot, take_cells
from webapp.booking.person import Booker
from webapp.booking.pricing import price_booking, terms_of
from webapp.booking.refunds import may_change, rule_of
from webapp.booking.states import HOLDING, take
from webapp.booking.wish import Wish, draws_of, draws_of_booking, expand_bands, slots_of, span_of
from webapp.casework import timeline
from webapp.casework.models import Case


def change(
    session: Session, facilities: Facilities, token: str, wish: Wish, booker: Booker, *, actor: Actor
) -> Booking:
    """Move a booking within its facility. Raises Taken (it then stands as it was), NotAllowed, IllegalStep.

    New cells are taken before old ones are given back, so two people who swap cannot wait for each other.
    A higher price on a booking already paid is refused online; a lower one is not paid back by itself.
    """
    booking = lock_booking(session, token)
    facility, room = facility_and_room(facilities, booking.facility, wish.room)
    if booking.state not in HOLDING or wish.facility != booking.facility:
        take(booking, "change_to_another_facility" if booking.state in HOLDING else "cancel")
    _require_allowed(facilities, facility, booking, room, booker)
    check_wish(facilities, facility, room, wish, booker, clock.now())
    span = span_of(facility, room, wish)
    bands = expand_bands(facility, room, wish.bands) if room.mode == "bands" else ()
    _move(session, facility, booking, room, span.starts_at(wish.use_on), span.ends_at(wish.use_on))
    booking.room, booking.use_on, booking.bands = room.key, wish.use_on, list(bands)
    booking.starts_at, booking.ends_at = span.starts_at(wish.use_on), span.ends_at(wish.use_on)
    booking.changes += 1
    _reprice(facility, booking, booker)
    if booking.case_id is not None:
        case = session.get_one(Case, booking.case_id)
        timeline.record(session, case, "booking_changed", actor, public=True)
        letters.tell_about(session, facility, case, [booking], "booking_confirmed")
    return booking


def _require_allowed(
    facilities: Facilities, facility: Facility, booking: Booking, room: Room, booker: Booker
) -> None:
    if booker.staff:
        return
    days = days_of(facilities, facility)
    old = facility.room(booking.room)
    if not may_change(facility, old, booking.use_on, booking.starts_at, clock.now(), days):
        raise NotAllowed("change_over", "変更できる期限を過ぎました。施設にお電話ください。")
    rule = rule_of(facility, room, "cash")
    if rule is not None and rule.changes is not None and booking.changes >= rule.changes:
        raise NotAllowed("changes", f"変更できるのは{rule.changes}回までです。")


def _move(
    session: Session, facility: Facility, booking: Booking, room: Room, starts: datetime, ends: datetime
) -> None:
    before = draws_of_booking(facility, booking)
    after = list(draws_of(facility, room, starts, ends, booking.persons, booking.extras))
    point = session.begin_nested()
    try:
        _move_cells(session, facility, booking, room, starts, ends)
        exchange(session, before, after)
    except Exception:
        point.rollback()
        raise
    point.commit()


def _move_cells(
    session: Session, facility: Facility, booking: Booking, room: Room, starts: datetime, ends: datetime
) -> None:
    own = list(session.scalars(select(Occupancy).where(Occupancy.booking_id == booking.id)))
    wanted = []
    if room.mode != "sessions":
        wanted = slots_of(room, cell_ids(session, facility.slug, [room]), starts, ends)
    new = [piece for slot in wanted for piece in minus(slot, own)]
    if new:
        clear_holds(session, facility, new, clock.now())
        take_cells(session, new, booking_id=booking.id)
    for row in own:
        _shrink(session, row, wanted)


def minus(slot: Slot, own: list[Occupancy]) -> list[Slot]:
    """The parts of a slot that the booking does not hold yet."""
    rest = [slot]
    for row in own:
        if row.cell_id != slot.cell_id:
            continue
        rest = [piece for part in rest for piece in _cut(part, row.starts_at, row.ends_at)]
    return rest


def _cut(part: Slot, start: datetime, end: datetime) -> list[Slot]:
    if end <= part.starts_at or start >= part.ends_at:
        return [part]
    pieces = []
    if part.starts_at < start:
        pieces.append(Slot(part.cell_id, part.starts_at, start))
    if end < part.ends_at:
        pieces.append(Slot(part.cell_id, end, part.ends_at))
    return pieces


def _shrink(session: Session, row: Occupancy, wanted: list[Slot]) -> None:
    keep = [
        (max(row.starts_at, slot.starts_at), min(row.ends_at, slot.ends_at))
        for slot in wanted
        if slot.cell_id == row.cell_id and slot.starts_at < row.ends_at and slot.ends_at > row.starts_at
    ]
    if not keep:
        session.execute(delete(Occupancy).where(Occupancy.id == row.id))
    elif keep[0] != (row.starts_at, row.ends_at):
        start, end = keep[0]
        session.execute(update(Occupancy).where(Occupancy.id == row.id).values(starts_at=start, ends_at=end))


def _reprice(facility: Facility, booking: Booking, booker: Booker) -> None:
    if booking.quote is None:
        return
    price = price_booking(facility, booking, terms_of(booking))
    if price is None:
        return
    settled = booking.paid_yen > 0 or booking.charge_id is not None
    if settled and price.total_yen > booking.total_yen and not booker.staff:
        raise NotAllowed(
            "dearer", "変更後の料金が高くなります。差額のお支払いがあるため、窓口で変更してください。"
        )
    booking.quote = price.to_json()
    if not settled:
        booking.total_yen = price.total_yen
