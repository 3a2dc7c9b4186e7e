"""The price of a booking, computed once and frozen on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from webapp.booking.facility import Facility, Room
from webapp.booking.models import Booking
from webapp.booking.wish import Span, Wish, expand_bands, span_of
from webapp.tariff.adjust import NotExempt
from webapp.tariff.facts import Fact
from webapp.tariff.prices import NoPrice
from webapp.tariff.quote import Quote, beyond, quote, table_for
from webapp.tariff.usage import Usage


@dataclass(frozen=True)
class Terms:
    """What the person says about the use, and what an officer decided about its price."""

    facts: Mapping[str, Fact] = field(default_factory=dict)
    persons: int = 0
    extras: Mapping[str, int] = field(default_factory=dict)
    exemption: str | None = None
    exemption_share: Fraction | None = None
    decided: Mapping[str, Fraction] = field(default_factory=dict)
    sqm: Fraction = Fraction(0)
    overtime_hours: Fraction = Fraction(0)


def price_wish(facility: Facility, wish: Wish, terms: Terms) -> Quote | None:
    """The quote of a wish, None where no price is known. Raises NoPrice, NotExempt, NotAllowed."""
    room = facility.room(wish.room)
    bands = expand_bands(facility, room, wish.bands) if room.mode == "bands" else ()
    return _price(facility, room, wish.use_on, bands, span_of(facility, room, wish), terms)


def price_booking(facility: Facility, booking: Booking, terms: Terms) -> Quote | None:
    """The quote of a booking as it stands."""
    room = facility.room(booking.room)
    length = (booking.ends_at - booking.starts_at) // timedelta(minutes=1)
    span = Span(0, int(length))
    return _price(facility, room, booking.use_on, tuple(booking.bands), span, terms)


def price_overtime(facility: Facility, booking: Booking, minutes: int) -> Quote | None:
    """What staying `minutes` longer adds to the price of a booking; None where no price is known.

    Raises NoPrice without an overtime price, TooLong beyond the table's limit, NotExempt.
    """
    terms = terms_of(booking)
    plain = price_booking(facility, booking, terms)
    longer = replace(terms, overtime_hours=Fraction(minutes, 60))
    whole = price_booking(facility, booking, longer)
    return None if plain is None or whole is None else beyond(whole, plain)


def terms_of(booking: Booking, *, with_exemption: bool = True) -> Terms:
    """The terms stored on a booking; a wished exemption counts only once it is granted."""
    exemption: dict[str, Any] = booking.exemption or {}
    granted = with_exemption and exemption.get("state") == "granted"
    share = exemption.get("share")
    return Terms(
        facts=booking.facts,
        persons=booking.persons,
        extras=booking.extras,
        exemption=exemption.get("key") if granted else None,
        exemption_share=Fraction(share) if granted and share else None,
        decided={key: Fraction(value) for key, value in (exemption.get("decided") or {}).items()},
        sqm=Fraction(str(booking.facts.get("sqm", 0))),
    )


def exemption_preview(facility: Facility, booking: Booking, key: str) -> Quote | None:
    """What the price would be if the wished exemption were granted; None where it cannot be."""
    terms = terms_of(booking)
    wished = Terms(terms.facts, terms.persons, terms.extras, key, None, terms.decided, terms.sqm)
    try:
        return price_booking(facility, booking, wished)
    except (NotExempt, NoPrice):
        return None


def _price(
    facility: Facility, room: Room, day: date, bands: tuple[str, ...], span: Span, terms: Terms
) -> Quote | None:
    if not facility.tariffs:
        return None
    try:
        table = table_for(facility.tariffs, room.key, day)
        return quote(table, _usage(facility, room, day, bands, span, terms))
    except NoPrice:
        if facility.fees_unknown is not None:
            return None
        raise


def _usage(
    facility: Facility, room: Room, day: date, bands: tuple[str, ...], span: Span, terms: Terms
) -> Usage:
    band_set = facility.band_set(room)
    return Usage(
        room=room.key,
        day=day,
        bands=bands,
        hours=Fraction(span.end - span.start, 60),
        persons=terms.persons,
        sqm=terms.sqm,
        overtime_hours=terms.overtime_hours,
        extras={key: count for key, count in terms.extras.items() if count},
        facts=terms.facts,
        combined={band.key: tuple(band.covers) for band in band_set if band.covers},
        band_labels={band.key: band.name for band in band_set},
        exemption=terms.exemption,
        exemption_share=terms.exemption_share,
        decided=terms.decided,
    )
