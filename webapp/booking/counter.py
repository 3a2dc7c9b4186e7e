"""Booking for somebody at the counter or on the telephone: the same engine in one step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.booking import beyond, registration
from webapp.booking.confirm import Confirmed, confirm
from webapp.booking.details import Details, describe
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facilities
from webapp.booking.hold import hold
from webapp.booking.models import Booking, Registration
from webapp.booking.person import Booker
from webapp.booking.series import Skipped, hold_series
from webapp.booking.wish import Wish
from webapp.errors import NotFound

LONGEST_KEY = 64
NONE_FREE = "どの日も予約できません。ほかの日を選んでください。"
SOME_TAKEN = "予約できない日があります。とばすか、日を選び直してください。"


@dataclass(frozen=True)
class AtCounter:
    """Who stands at the counter, what was said, and how the officer takes it.

    `number` is a registration to book with: it counts for limits and proves its classes, as online.
    `beyond` is why limits that were shown are passed; empty where they hold.
    """

    details: Details
    contact: Mapping[str, Any]
    channel: str
    number: str = ""
    beyond: str = ""


class Conflicts(NotAllowed):
    """Some days of a series cannot be had; nothing is booked until the officer leaves them out."""

    def __init__(self, skipped: Sequence[Skipped], *, all_of_them: bool) -> None:
        say = NONE_FREE if all_of_them else SOME_TAKEN
        super().__init__("conflicts", say)
        self.skipped = tuple(skipped)
        self.all_of_them = all_of_them


def book_for(
    session: Session,
    facilities: Facilities,
    wish: Wish,
    told: AtCounter,
    *,
    actor: Actor,
    days: Sequence[date] = (),
    leave_out: bool = False,
) -> tuple[Confirmed, list[Skipped]]:
    """Hold, describe and confirm in one transaction. With `days` a series, of which days may be left out.

    Raises Taken, NotAllowed (OverLimit for limits not yet passed with a reason, Conflicts for days that
    cannot be had unless `leave_out`), NoPrice, NotFound.
    """
    booker = booker_of(session, told)
    basket, held, skipped = _hold(session, facilities, wish, days or [wish.use_on], booker, told.channel)
    if skipped and (not held or not leave_out):
        raise Conflicts(skipped, all_of_them=not held)
    details = replace(told.details, facts=booker.facts)
    for booking in held:
        describe(session, facilities, booking.token, details)
    result = confirm(
        session,
        facilities,
        basket,
        contact=told.contact,
        actor=actor,
        method="counter",
        channel=told.channel,
    )
    for booking in held:
        if booking.why("limits"):
            beyond.note(session, result.case, booking, actor)
    return result, skipped


def booker_of(session: Session, told: AtCounter) -> Booker:
    """The person at the counter as the rules see them. Raises NotAllowed for a number not in force."""
    facts = dict(told.details.facts)
    if not told.number:
        known_by = told.contact.get("tel") or told.contact.get("name")
        return Booker(f"counter:{known_by}"[:LONGEST_KEY], None, facts, staff=True, beyond=told.beyond)
    found = _registered(session, told.number)
    facts.update(found.classes)
    until = registration.valid_until(found)
    return Booker(registration.owner_key(found), found.resident_id, facts, until, True, told.beyond)


def _registered(session: Session, number: str) -> Registration:
    try:
        found = registration.by_number(session, number)
    except NotFound as unknown:
        raise NotAllowed("number", unknown.say or "") from None
    until = registration.valid_until(found)
    if found.state not in ("valid", "provisional") or (until is not None and until < clock.today()):
        raise NotAllowed(
            "number", "この利用者登録は期限が切れています。更新するか、番号を空けて受け付けてください。"
        )
    return found


def _hold(
    session: Session, facilities: Facilities, wish: Wish, days: Sequence[date], booker: Booker, channel: str
) -> tuple[str, list[Booking], list[Skipped]]:
    if len(days) > 1:
        series = hold_series(session, facilities, wish, days, booker, channel=channel)
        return series.basket, series.held, series.skipped
    booking = hold(session, facilities, wish, booker, channel=channel)
    return booking.basket, [booking], []
