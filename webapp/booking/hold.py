"""Choosing holds at once: a hold is occupancy with an end, so that nobody pays for a slot they lack."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from webapp import clock
from webapp.booking import beyond, limits
from webapp.booking.book import book
from webapp.booking.cells import cell_ids
from webapp.booking.counting import draw, give_back
from webapp.booking.errors import HoldOver, NotAllowed, Taken
from webapp.booking.facility import Facilities, Facility, Room
from webapp.booking.find import lock_booking
from webapp.booking.models import Booking
from webapp.booking.moments import Days
from webapp.booking.occupy import Slot, clear_expired, free_cells, standing, take_cells
from webapp.booking.person import Booker
from webapp.booking.states import take
from webapp.booking.windows import Answer, when_bookable
from webapp.booking.wish import Span, Wish, draws_of, draws_of_booking, expand_bands, slots_of, span_of
from webapp.db import new_token
from webapp.errors import NotFound

EXTENSION = timedelta(minutes=10)


def facility_and_room(facilities: Facilities, slug: str, key: str) -> tuple[Facility, Room]:
    """Raises NotFound."""
    facility = facilities.get(slug)
    try:
        return facility, facility.room(key)  # type: ignore[union-attr,return-value]  # None raises below
    except (AttributeError, KeyError):
        raise NotFound(f"{slug}/{key}", say="その施設・部屋は見つかりません。") from None


def days_of(facilities: Facilities, facility: Facility) -> Days:
    """The calendars that the rules of a facility count in."""
    return Days(facilities.calendar(facility), facilities.hall_calendar)


def answer_for(facilities: Facilities, wish: Wish, booker: Booker, now: datetime) -> Answer:
    """When may this booker book this wish, and why not now. Raises NotFound, NotAllowed."""
    facility, room = facility_and_room(facilities, wish.facility, wish.room)
    starts = span_of(facility, room, wish).starts_at(wish.use_on)
    return when_bookable(
        facility,
        [room],
        wish.use_on,
        starts,
        booker.facts,
        days_of(facilities, facility),
        now,
        at_counter=booker.staff,
        registration_until=booker.registration_until,
    )


def hold(
    session: Session,
    facilities: Facilities,
    wish: Wish,
    booker: Booker,
    *,
    basket: str | None = None,
    channel: str = "web",
    minutes: int | None = None,
) -> Booking:
    """Take the wish for `facility.hold_minutes`.

    Raises NotAllowed (window, limit, capacity …) with what to do, Taken naming the parts, NotFound.
    """
    now = clock.now()
    facility, room = facility_and_room(facilities, wish.facility, wish.room)
    span = span_of(facility, room, wish)
    check_wish(facilities, facility, room, wish, booker, now)
    bands = expand_bands(facility, room, wish.bands) if room.mode == "bands" else ()
    passed = limits.check(session, facility, booker, wish, len(bands), now)
    slots = free_slots(session, facility, room, span.starts_at(wish.use_on), span.ends_at(wish.use_on), now)
    booking = _new(facility, room, wish, span, bands, booker, basket or new_token(), channel, now, minutes)
    book(session, booking, slots)
    beyond.keep(booking, passed, booker)
    _draw(session, facility, room, booking)
    return booking


def check_wish(
    facilities: Facilities, facility: Facility, room: Room, wish: Wish, booker: Booker, now: datetime
) -> None:
    """Window and size. Raises NotAllowed."""
    check_size(facility, room, wish.persons)
    answer = answer_for(facilities, wish, booker, now)
    if not answer.allowed and not (booker.staff and answer.reason in ("too_late", "registration_expires")):
        raise NotAllowed(answer.reason, say_why_not(answer))


def check_size(facility: Facility, room: Room, persons: int) -> None:
    """Raises NotAllowed above the capacity or below the least number."""
    if room.capacity is not None and persons > room.capacity:
        raise NotAllowed(
            "capacity", f"{room.name.ja}の定員は{room.capacity}人です。広い部屋をお選びください。"
        )
    least = room.min_persons or facility.limits.min_persons
    if least is not None and 0 < persons < least:
        raise NotAllowed("min_persons", f"{room.name.ja}は{least}人以上の団体で使えます。")


def occupy(session: Session, facility: Facility, room: Room, booking: Booking, now: datetime) -> None:
    """Take the cells and counters of a booking. Raises Taken."""
    slots = free_slots(session, facility, room, booking.starts_at, booking.ends_at, now)
    take_cells(session, facility.slug, slots, booking_id=booking.id)
    _draw(session, facility, room, booking)


def free_slots(
    session: Session, facility: Facility, room: Room, starts: datetime, ends: datetime, now: datetime
) -> list[Slot]:
    """The slots that a use of the room needs, expired holds cleared out of the way.

    Raises Taken when any is taken already; whether they still are free is decided by taking them.
    """
    if room.mode == "sessions":
        return []
    until = ends + timedelta(minutes=room.buffer_minutes)
    found = standing(session, facility.slug, room.atoms, starts, until, now)
    if found.taken:
        raise Taken(found.taken)
    clear_holds(session, facility, found.expired, now)
    cells = found.cells
    if len(cells) < len(room.atoms):  # the file names a cell that nobody ever took
        cells = cell_ids(session, facility.slug, [room])
    return slots_of(room, cells, starts, ends)


def _draw(session: Session, facility: Facility, room: Room, booking: Booking) -> None:
    draws = draws_of(facility, room, booking.starts_at, booking.ends_at, booking.persons, booking.extras)
    draw(session, draws)


def clear_holds(session: Session, facility: Facility, expired: Sequence[int], now: datetime) -> None:
    """End holds that ran out, their stock included."""
    for booking_id in clear_expired(session, facility.slug, expired, now):
        booking = session.get_one(Booking, booking_id, populate_existing=True)
        give_back(session, draws_of_booking(facility, booking))


def extend(session: Session, token: str) -> Booking:
    """Lengthen a hold once by ten minutes. Raises HoldOver, NotAllowed (a second time), NotFound."""
    booking = lock_booking(session, token)
    require_running(booking, clock.now())
    if booking.extended:
        raise NotAllowed("extended", "延長は1回までです。入力を続けて、時間内に確定してください。")
    booking.extended = True
    assert booking.expires_at is not None
    booking.expires_at += EXTENSION
    return booking


def release(session: Session, facilities: Facilities, token: str) -> Booking:
    """Give a hold back before its end. Raises IllegalStep, NotFound."""
    booking = lock_booking(session, token)
    take(booking, "release")
    vacate(session, facilities, booking)
    return booking


def vacate(session: Session, facilities: Facilities, booking: Booking) -> None:
    """Give back all cells and counters of a booking that ended."""
    booking.ended_at = clock.now()
    free_cells(session, booking_ids=[booking.id])
    facility = facilities.get(booking.facility)
    if facility is not None:
        give_back(session, draws_of_booking(facility, booking))


def require_running(booking: Booking, now: datetime) -> None:
    """Raises HoldOver when the hold ran out, IllegalStep when it is no hold."""
    if booking.state == "expired" or (booking.expires_at is not None and booking.expires_at <= now):
        raise HoldOver()
    if booking.state != "held":
        take(booking, "release")


def say_why_not(answer: Answer) -> str:
    """A sentence that names the minute."""
    if answer.reason == "too_early" and answer.opens is not None:
        at = clock.tokyo(answer.opens)
        return f"受付は{at.year}年{at.month}月{at.day}日{at.hour}時{at.minute:02d}分からです。"
    sentences = {
        "too_late": "申込みの期限を過ぎました。施設にお電話ください。",
        "closed_day": "休館日です。ほかの日をお選びください。",
        "past": "過ぎた日時です。これからの日時をお選びください。",
        "registration_expires": "利用者登録の有効期限より後の日は予約できません。登録を更新してください。",
    }
    return sentences.get(answer.reason, "予約できます。")


def _new(
    facility: Facility,
    room: Room,
    wish: Wish,
    span: Span,
    bands: tuple[str, ...],
    booker: Booker,
    basket: str,
    channel: str,
    now: datetime,
    minutes: int | None,
) -> Booking:
    return Booking(
        token=new_token(),
        basket=basket,
        facility=facility.slug,
        room=room.key,
        use_on=wish.use_on,
        starts_at=span.starts_at(wish.use_on),
        ends_at=span.ends_at(wish.use_on),
        bands=list(bands),
        state="held",
        channel=channel,
        resident_id=booker.resident_id,
        owner_key=booker.key,
        persons=wish.persons,
        extras=dict(wish.extras),
        facts=dict(booker.facts),
        created_at=now,
        expires_at=now + timedelta(minutes=minutes or facility.hold_minutes),
    )
