"""Moving a booking to another time, room or equipment without letting go of it first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.booking import beyond, difference, letters, limits
from webapp.booking.cells import cell_ids
from webapp.booking.counting import exchange
from webapp.booking.difference import Difference
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facilities, Facility, Room
from webapp.booking.find import lock_with_charge
from webapp.booking.hold import (
    check_size,
    check_wish,
    clear_holds,
    days_of,
    facility_and_room,
    require_running,
)
from webapp.booking.models import Booking, Occupancy
from webapp.booking.occupy import Slot, standing, take_cells
from webapp.booking.person import Booker
from webapp.booking.refunds import may_change, rule_of
from webapp.booking.states import HOLDING, take
from webapp.booking.wish import Span, Wish, draws_of, draws_of_booking, expand_bands, slots_of, span_of
from webapp.casework import timeline
from webapp.casework.models import Case
from webapp.payment.models import Charge


@dataclass(frozen=True)
class Changed:
    """The booking as it stands now, what the change did to the money, and its charge if it has one."""

    booking: Booking
    difference: Difference
    charge: Charge | None


@dataclass(frozen=True)
class _Move:
    """A change that every rule allows; whether the place is free only the database knows."""

    facility: Facility
    room: Room
    span: Span
    bands: tuple[str, ...]
    difference: Difference
    passed: list[NotAllowed]

    def starts_at(self, wish: Wish) -> datetime:
        return self.span.starts_at(wish.use_on)

    def ends_at(self, wish: Wish) -> datetime:
        return self.span.ends_at(wish.use_on)


def preview(
    session: Session,
    facilities: Facilities,
    booking: Booking,
    wish: Wish,
    booker: Booker,
    *,
    our_fault: bool = False,
) -> Difference:
    """What `change` would do to the price, under the same rules. Nothing is taken or written.

    Raises what `change` raises, except Taken.
    """
    return _plan(session, facilities, booking, wish, booker, our_fault).difference


def change(
    session: Session,
    facilities: Facilities,
    token: str,
    wish: Wish,
    booker: Booker,
    *,
    actor: Actor,
    our_fault: bool = False,
    expected: Difference | None = None,
) -> Changed:
    """Move a booking within its facility, at the price of the new use.

    `wish` is the whole new use, equipment and head count included: start from `wish.wish_of(booking)` and
    replace what changes. New cells and counters are taken before old ones are given back, so two people
    who swap cannot wait for each other; after any refusal the booking stands as it was.

    Only the difference in price moves money: more is claimed on the same charge, less lowers what is still
    unpaid, and of what is already paid the share that the facility's rule returns is proposed as a refund.
    `our_fault`: the city asks for the change, so all of it is returned. `expected` is the preview that
    the page showed; NotAllowed("price_changed") when it is another one now.

    Raises Taken, NotAllowed (window, limit, deadline, number of changes, approval, a payment under way),
    HoldOver, IllegalStep (the booking ended, or another facility), NotFound.
    """
    booking = lock_with_charge(session, token)
    move = _plan(session, facilities, booking, wish, booker, our_fault)
    if expected is not None and expected != move.difference:
        raise NotAllowed("price_changed", "料金が変わりました。もう一度内容を確かめてください。")
    _require_no_payment_under_way(session, booking, move.difference)
    _move(session, booking, move, wish)
    booking.room, booking.use_on, booking.bands = wish.room, wish.use_on, list(move.bands)
    booking.starts_at, booking.ends_at = move.starts_at(wish), move.ends_at(wish)
    booking.persons, booking.extras = wish.persons, {k: n for k, n in wish.extras.items() if n > 0}
    booking.changes += 1
    charge = difference.settle(session, facilities, move.facility, booking, move.difference, actor)
    if booking.case_id is not None:
        case = session.get_one(Case, booking.case_id)
        timeline.record(session, case, "booking_changed", actor, public=True)
        if beyond.keep(booking, move.passed, booker):
            beyond.note(session, case, booking, actor)
        session.flush()
        to_pay, refund = move.difference.to_pay_yen, move.difference.refund_yen
        letters.tell_about_change(session, move.facility, case, booking, to_pay_yen=to_pay, refund_yen=refund)
    return Changed(booking, move.difference, charge)


def _plan(
    session: Session, facilities: Facilities, booking: Booking, wish: Wish, booker: Booker, our_fault: bool
) -> _Move:
    now = clock.now()
    if booking.state not in HOLDING or wish.facility != booking.facility:
        take(booking, "change_to_another_facility" if booking.state in HOLDING else "cancel")
    if booking.state == "held":
        require_running(booking, now)
    facility, room = facility_and_room(facilities, booking.facility, wish.room)
    _require_allowed(facilities, facility, booking, booker)
    span = span_of(facility, room, wish)
    bands = expand_bands(facility, room, wish.bands) if room.mode == "bands" else ()
    moved = (booking.room, booking.starts_at, booking.ends_at) != (
        room.key,
        span.starts_at(wish.use_on),
        span.ends_at(wish.use_on),
    )
    passed: list[NotAllowed] = []
    if moved:
        check_wish(facilities, facility, room, wish, booker, now)
        passed = limits.check(session, facility, booker, wish, len(bands), now, without=booking.id)
    check_size(facility, room, wish.persons)
    found = difference.of_change(facilities, facility, booking, wish, our_fault=our_fault)
    if booking.state in ("awaiting_payment", "confirmed"):
        _require_no_examination(facility, room, found, booker, moved=moved)
    return _Move(facility, room, span, bands, found, passed)


def _require_allowed(facilities: Facilities, facility: Facility, booking: Booking, booker: Booker) -> None:
    if booker.staff:
        return
    room = facility.room(booking.room)
    days = days_of(facilities, facility)
    if not may_change(facility, room, booking.use_on, booking.starts_at, clock.now(), days):
        raise NotAllowed("change_over", "変更できる期限を過ぎました。施設にお電話ください。")
    rule = rule_of(facility, room, "cash")
    if rule is not None and rule.changes is not None and booking.changes >= rule.changes:
        raise NotAllowed("changes", f"変更できるのは{rule.changes}回までです。施設にお電話ください。")


def _require_no_examination(
    facility: Facility, room: Room, found: Difference, booker: Booker, *, moved: bool
) -> None:
    """What an officer has to look at first is not moved by pressing a button."""
    if found.undecided or (moved and facility.needs_approval(room) and not booker.staff):
        raise NotAllowed("approval", "この変更には審査が必要です。施設の窓口でお申し込みください。")


def _require_no_payment_under_way(session: Session, booking: Booking, found: Difference) -> None:
    """A page or slip that asks for the old amount is out."""
    if found.before_yen == found.after_yen or booking.charge_id is None:
        return
    if difference.payment_under_way(session, booking.charge_id):
        raise NotAllowed(
            "payment_under_way",
            "お支払いの手続きの途中です。支払いを済ませるか、1時間ほどたってから変更してください。",
        )


def _move(session: Session, booking: Booking, move: _Move, wish: Wish) -> None:
    facility, room, starts, ends = move.facility, move.room, move.starts_at(wish), move.ends_at(wish)
    before = draws_of_booking(facility, booking)
    after = list(draws_of(facility, room, starts, ends, wish.persons, wish.extras))
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
        now = clock.now()
        clear_holds(session, facility, _expired_in(session, facility, room, starts, ends, now), now)
        take_cells(session, facility.slug, new, booking_id=booking.id)
    for row in own:
        _shrink(session, row, wanted)


def _expired_in(
    session: Session, facility: Facility, room: Room, starts: datetime, ends: datetime, now: datetime
) -> list[int]:
    until = ends + timedelta(minutes=room.buffer_minutes)
    return standing(session, facility.slug, room.atoms, starts, until, now).expired


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
