"""Booking for somebody at the counter or on the telephone: the same engine in one step."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from webapp.audit import Actor
from webapp.booking.confirm import Confirmed, confirm
from webapp.booking.details import Details, describe
from webapp.booking.facility import Facilities
from webapp.booking.hold import hold
from webapp.booking.person import Booker
from webapp.booking.series import Skipped, hold_series
from webapp.booking.wish import Wish


def book_for(
    session: Session,
    facilities: Facilities,
    wish: Wish,
    details: Details,
    contact: Mapping[str, Any],
    *,
    actor: Actor,
    channel: str,
    days: Sequence[date] = (),
) -> tuple[Confirmed, list[Skipped]]:
    """Hold, describe and confirm in one transaction; `channel` is counter or phone.

    Raises Taken, NotAllowed, NoPrice, NotFound. With `days` a series; the skipped days come back.
    """
    key = f"counter:{contact.get('tel') or contact.get('name')}"
    booker = Booker(key, None, dict(details.facts), staff=True)
    if len(days) > 1:
        series = hold_series(session, facilities, wish, days, booker, channel=channel)
        basket, held, skipped = series.basket, series.held, series.skipped
    else:
        booking = hold(session, facilities, wish, booker, channel=channel)
        basket, held, skipped = booking.basket, [booking], []
    for booking in held:
        describe(session, facilities, booking.token, details)
    result = confirm(
        session, facilities, basket, contact=contact, actor=actor, method="counter", channel=channel
    )
    return result, skipped
