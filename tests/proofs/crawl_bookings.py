"""Bookings of the crawl: held, applied for, awaited, confirmed, today; closures and registrations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from tests.proofs import hostile
from tests.proofs.crawl_town import CLOSED, SECRET, VISITOR, Town
from webapp import clock
from webapp.booking import change, close, overtime, registration
from webapp.booking.confirm import confirm
from webapp.booking.details import Details, describe
from webapp.booking.facility import Facility, Room
from webapp.booking.hold import hold
from webapp.booking.models import Booking
from webapp.booking.person import Booker
from webapp.booking.times import instant
from webapp.booking.wish import Wish, starts_of, wish_of
from webapp.casework.models import Case
from webapp.errors import MadoguchiError

CONTACT = {"name": hostile.MARKUP[0], "tel": "0000551234", "email": "", "lang": "ja"}
AHEAD = (20, 30, 40, 50, 60, 70)
"""Days from today on which a room is tried."""


def furnish(session: Session, town: Town) -> None:
    """Book for the resident in each state, and once for somebody in a facility that no walker reaches."""
    everywhere = list(town.services.facilities)
    hidden = next(facility for facility in everywhere if facility.department in CLOSED)
    _confirm(session, town, _hold(session, town, hidden, town.other.id, SECRET), town.other.id, SECRET)
    reached = [facility for facility in everywhere if facility.department not in CLOSED]
    examining = [one for one in reached if any(one.needs_approval(room) for room in one.rooms)]
    plain = [one for one in reached if one not in examining]
    for turn in range(2):
        _held(session, town, plain[turn])
        _applied(session, town, examining[0])
        _standing(session, town, plain[turn], "awaiting_payment")
        _standing(session, town, plain[turn], "confirmed")
        _today(session, town, plain[turn])
        _closed(session, town, plain[turn], turn)
        _overrun(session, town, reached)
        _registered(session, town, turn)


def _held(session: Session, town: Town, facility: Facility) -> None:
    booking = _hold(session, town, facility, town.owner.id, hostile.MARKUP[1])
    town.mine.append(f"/booking/{booking.basket}")
    other = _hold(session, town, facility, town.owner.id, hostile.MARKUP[1])
    other.contact = dict(CONTACT)
    town.mine.append(f"/booking/{other.basket}/check")


def _applied(session: Session, town: Town, facility: Facility) -> None:
    booking = _hold(session, town, facility, town.owner.id, hostile.MARKUP[2])
    case = _confirm(session, town, booking, town.owner.id, hostile.MARKUP[0])
    assert booking.state == "applied"
    town.mine.append(f"/cases/{case.reference}/bookings")
    town.desk.append(f"/staff/facilities/applications/{case.reference}")


def _standing(session: Session, town: Town, facility: Facility, state: str) -> None:
    """A booking that can be moved and cancelled, by the resident and by the desk."""
    booking = _hold(session, town, facility, town.owner.id, hostile.MARKUP[3])
    case = _confirm(session, town, booking, town.owner.id, hostile.MARKUP[0])
    booking.state = state
    mine = f"/cases/{case.reference}/bookings"
    town.mine += [mine, f"{mine}/{booking.token}/cancel"]
    desk = f"/staff/timeline/{facility.slug}/bookings/{booking.token}"
    town.desk.append(f"{desk}/cancel")
    if query := _another_day(session, town, booking):
        town.mine.append(f"{mine}/{booking.token}/change?{query}")
        town.desk.append(f"{desk}/change?{query}")


def _another_day(session: Session, town: Town, booking: Booking) -> str:
    """The query of the page that shows what moving the booking would cost; empty where it may not move."""
    booker = Booker(booking.owner_key or "", booking.resident_id, dict(booking.facts))
    for days in range(1, 15):
        wish = replace(wish_of(booking), use_on=booking.use_on + timedelta(days=days))
        try:
            with session.begin_nested():
                change.preview(session, town.services.facilities, booking, wish, booker)
        except MadoguchiError:
            continue
        asked = {"check": "yes", "chosen": "yes", "room": wish.room, "day": wish.use_on.isoformat(),
                 "band": wish.bands, "start": wish.start, "end": wish.end, "persons": wish.persons}  # fmt: skip
        return urlencode(asked, doseq=True)
    return ""


def _overrun(session: Session, town: Town, reached: list[Facility]) -> None:
    """A use of this morning in a hall whose table prices overtime, with the claim already shown."""
    for facility in reached:
        if not any(table.overtime for table in facility.tariffs):
            continue
        booking = _today(session, town, facility)
        try:
            overtime.preview(session, town.services.facilities, booking, 30)
        except MadoguchiError:
            continue
        town.desk.append(f"/staff/timeline/{facility.slug}/bookings/{booking.token}/overtime?minutes=30")
        return


def _today(session: Session, town: Town, facility: Facility) -> Booking:
    """A use that has begun this morning, for the attendance list."""
    booking = _hold(session, town, facility, town.owner.id, hostile.MARKUP[4])
    _confirm(session, town, booking, town.owner.id, hostile.MARKUP[0])
    today = clock.today()
    booking.state, booking.use_on = "confirmed", today
    booking.starts_at, booking.ends_at = instant(today, 0), instant(today, 60)
    town.desk += [f"/staff/timeline?facility={facility.slug}", f"/staff/timeline/{facility.slug}/book"]
    return booking


def _closed(session: Session, town: Town, facility: Facility, turn: int) -> None:
    day = clock.today() + timedelta(days=100 + turn)
    close.close(
        session,
        town.services.facilities,
        facility,
        [facility.rooms[0].key],
        instant(day, 0),
        instant(day, 24 * 60),
        kind="other",
        reason=hostile.MARKUP[5],
        actor=town.actor("facility"),
    )
    town.desk.append(f"/staff/facilities/{facility.slug}/closures")


def _registered(session: Session, town: Town, turn: int) -> None:
    """A registration that ends soon, so that it can be renewed."""
    row = registration.register(
        session, resident_id=town.owner.id, kind="group", name=hostile.MARKUP[turn], details={}, actor=VISITOR
    )
    registration.accept(session, row, {}, town.actor("facility"))
    row.valid_until = clock.today() + timedelta(days=30)


def _hold(session: Session, town: Town, facility: Facility, by: int, title: str) -> Booking:
    """Hold the first room of the facility that lets itself be booked, and say what for."""
    person = Booker(f"resident:{by}", by, {"resident": True, "ticket": 0, "commercial": False}, staff=True)
    for room in facility.rooms:
        for wish in _wishes(facility, room):
            try:
                with session.begin_nested():
                    booking = hold(session, town.services.facilities, wish, person)
                    details = Details(persons=1, title=title)
                    return describe(session, town.services.facilities, booking.token, details)
            except (MadoguchiError, KeyError, ValueError):
                continue
    raise AssertionError(f"{facility.slug} lets nobody book")


def _confirm(session: Session, town: Town, booking: Booking, by: int, name: str) -> Case:
    contact = {**CONTACT, "name": name}
    done = confirm(session, town.services.facilities, booking.basket, contact=contact, actor=VISITOR)
    done.case.resident_id = by
    return done.case


def _wishes(facility: Facility, room: Room) -> Iterator[Wish]:
    for ahead in AHEAD:
        day = clock.today() + timedelta(days=ahead)
        for span in starts_of(facility, room)[:1]:
            bands = tuple(band.key for band in facility.single_bands(room))[:1]
            yield Wish(facility.slug, room.key, day, bands, span.start, span.end, 1)
