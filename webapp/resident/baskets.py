"""What this browser holds just now, and what it typed about it: kept when the hold is lengthened or ends."""

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext as _

from webapp import clock
from webapp.booking import find, hold
from webapp.booking.errors import HoldOver
from webapp.booking.facility import Facility, Room
from webapp.booking.models import Booking
from webapp.booking.wish import wish_of
from webapp.errors import NotFound
from webapp.form_engine.guard import contains_individual_number
from webapp.web import booking_form, booking_questions, guards, held, sessions
from webapp.web.services import services
from webapp.web.transaction import db

TYPED = "booking_typed"
"""Where the session keeps what was typed until it is stored with a booking."""


def own(basket: str) -> list[Booking]:
    """The bookings of a basket of this browser or resident. Raises NotFound."""
    bookings = find.of_basket(db(), basket)
    resident = guards.current_resident()
    is_theirs = bool(bookings) and resident is not None and bookings[0].resident_id == resident.id
    if not bookings or not (is_theirs or sessions.owns("basket", basket)):
        raise NotFound(basket, say=_("この予約は見つかりません。もう一度お選びください。"))
    return bookings


def running(basket: str) -> list[Booking]:
    """The running holds of a basket. Raises HoldOver when they ended, NotFound."""
    now = clock.now()
    found = [b for b in own(basket) if b.state == "held" and b.expires_at and b.expires_at > now]
    if not found:
        raise HoldOver()
    return found


def place(booking: Booking) -> tuple[Facility, Room]:
    """Where it is. Raises NotFound."""
    return hold.facility_and_room(services().facilities, booking.facility, booking.room)


def keep_typed(facility: Facility, room: Room) -> None:
    """Keep what this request's form says until it is stored; never an individual number."""
    asked = booking_questions.read(facility, room)
    answers = dict(asked.answers) if asked else {}
    sessions.current()[TYPED] = {"form": _harmless(dict(held.typed_values())), "answers": _harmless(answers)}


def forget_typed() -> None:
    """It is stored now, or nobody wants it any more."""
    sessions.current().pop(TYPED, None)


def typed_answers(booking: Booking) -> Mapping[str, Any] | None:
    """The room's own questions as answered so far."""
    kept = sessions.current().get(TYPED) or {}
    return kept.get("answers") or booking.answers


def known(booking: Booking) -> dict[str, Any]:
    """What the page starts with: what was typed before, else the profile."""
    return {**_profile(booking), **_stored(booking), **(sessions.current().get(TYPED) or {}).get("form", {})}


def again(bookings: list[Booking]) -> dict[str, Any]:
    """What leads to the same choice once more: the parameters of the choosing page."""
    wish = wish_of(bookings[0])
    others = [b.use_on.isoformat() for b in bookings[1:]]
    return {
        "slug": wish.facility,
        "key": wish.room,
        "day": wish.use_on.isoformat(),
        "band": list(wish.bands),
        "start": wish.start,
        "end": wish.end,
        "persons": wish.persons or None,
        "resident": "yes" if bookings[0].facts.get("resident") else "no",
        "days": " ".join(others) or None,
    }


def is_typing() -> bool:
    """Whether this request brought something typed about the use."""
    return request.method == "POST" and "persons" in request.form


def _harmless(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in typed.items() if not contains_individual_number(str(value))}


def _profile(booking: Booking) -> dict[str, Any]:
    resident = guards.current_resident()
    profile = dict(resident.profile or {}) if resident else {}
    found: dict[str, Any] = {name: profile.get(name) or "" for name in ("name", "kana", "tel", "email")}
    registered = booking_form.registered(booking)
    found["group"] = registered.name if registered is not None and registered.kind == "group" else ""
    return found


def _stored(booking: Booking) -> dict[str, Any]:
    found: dict[str, Any] = {k: v for k, v in (booking.contact or {}).items() if v}
    found.update(persons=booking.persons or "", title=booking.title or "", purpose=booking.purpose or "")
    for key, value in booking.facts.items():
        found[key] = ("yes" if value else "no") if isinstance(value, bool) else value
    found.update({f"extra.{key}": count for key, count in booking.extras.items()})
    found["exemption"] = (booking.exemption or {}).get("key", "")
    found["exemption_reason"] = booking.why("exemption")
    return found
