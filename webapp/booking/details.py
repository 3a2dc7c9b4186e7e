"""What the person adds to a hold: head count, title, answers that decide the price, equipment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from webapp import clock
from webapp.booking.counting import exchange
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facilities, Facility, Room
from webapp.booking.find import lock_booking
from webapp.booking.hold import check_size, check_wish, facility_and_room, require_running
from webapp.booking.models import Booking
from webapp.booking.person import Booker
from webapp.booking.pricing import price_booking, terms_of
from webapp.booking.windows import window_for
from webapp.booking.wish import draws_of, draws_of_booking, wish_of
from webapp.tariff.facts import Fact


@dataclass(frozen=True)
class Details:
    """The answers of the booking page."""

    persons: int
    title: str = ""
    purpose: str | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    extras: Mapping[str, int] = field(default_factory=dict)
    exemption: str | None = None
    exemption_reason: str = ""


def describe(session: Session, facilities: Facilities, token: str, details: Details) -> Booking:
    """Store the answers on a running hold and price it anew.

    Raises HoldOver, NotAllowed (capacity, or a use that may not be applied for yet), Taken (equipment),
    NoPrice, NotFound.
    """
    booking = lock_booking(session, token)
    require_running(booking, clock.now())
    facility, room = facility_and_room(facilities, booking.facility, booking.room)
    check_size(facility, room, details.persons)
    told = {**booking.facts, **details.facts}
    _check_use(facilities, facility, room, booking, told)
    before = draws_of_booking(facility, booking)
    extras = {key: count for key, count in details.extras.items() if count > 0}
    after = draws_of(facility, room, booking.starts_at, booking.ends_at, details.persons, extras)
    exchange(session, before, list(after))
    booking.persons = details.persons
    booking.title = details.title
    booking.purpose = details.purpose
    booking.extras = extras
    booking.facts = told
    booking.exemption = {"key": details.exemption, "state": "wished"} if details.exemption else None
    booking.give_reason("exemption", details.exemption_reason if details.exemption else "")
    price = price_booking(facility, booking, terms_of(booking))
    booking.quote = None if price is None else price.to_json()
    booking.total_yen = 0 if price is None else price.total_yen
    return booking


def _check_use(
    facilities: Facilities, facility: Facility, room: Room, booking: Booking, told: Mapping[str, Fact]
) -> None:
    """What the room is taken for may open later than the room itself: asked as of when it was taken."""
    if window_for(facility, room, told) is window_for(facility, room, booking.facts):
        return
    booker = Booker(booking.owner_key or "", None, told, staff=booking.channel != "web")
    wish = replace(wish_of(booking), persons=0)
    try:
        check_wish(facilities, facility, room, wish, booker, booking.created_at)
    except NotAllowed as refused:
        say = f"この使い方では、まだ予約できないか、期限を過ぎています。{refused.say}"
        raise NotAllowed(refused.rule, say) from None
