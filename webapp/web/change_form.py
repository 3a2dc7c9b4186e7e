"""The form by which a booking is moved, for residents and for the desk: a new use, asked and shown first."""

from dataclasses import dataclass, replace

from flask import request
from werkzeug.datastructures import MultiDict

from webapp import clock
from webapp.booking import availability, change
from webapp.booking.availability import DayRow
from webapp.booking.difference import Difference
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facility, Room
from webapp.booking.models import Booking
from webapp.booking.person import Booker
from webapp.booking.wish import Wish, wish_of
from webapp.web import booking_form as typed
from webapp.web import day_boxes
from webapp.web.day_boxes import DayBoxes
from webapp.web.services import services
from webapp.web.transaction import db

Errors = list[tuple[str, str]]


@dataclass(frozen=True)
class ChangeForm:
    """What stands in the form, the wish it means, and what the chosen day offers in the chosen room."""

    facility: Facility
    booking: Booking
    room: Room
    boxes: DayBoxes
    wish: Wish
    row: DayRow

    def own(self, start: int, end: int) -> bool:
        """Whether a stretch of the shown day is held, wholly or partly, by this very booking."""
        before = wish_of(self.booking)
        shares = set(self.room.atoms) & set(self.facility.room(self.booking.room).atoms)
        same_day = self.row.day == self.booking.use_on
        return bool(same_day and shares and start < (before.end or 0) and (before.start or 0) < end)


def read(facility: Facility, booking: Booking, booker: Booker) -> ChangeForm:
    """The form as it was sent, or as the booking stands where nothing was sent."""
    values = request.values
    room = typed.room_or_404(facility, values.get("room") or booking.room)
    boxes = day_boxes.read(values, "day", booking.use_on)
    day = boxes.day or booking.use_on
    row = availability.grid(db(), services().facilities, facility, [room], day, 1, booker)[0].days[0]
    wish = _wish(facility, booking, room, replace(wish_of(booking), room=room.key, use_on=day), values)
    return ChangeForm(facility, booking, room, boxes, wish, row)


def booker_of(booking: Booking) -> Booker:
    """The person a booking stands for, as the rules saw them when it was made."""
    known = typed.registered(booking)
    until = None if known is None else known.valid_until or known.provisional_until
    return Booker(booking.owner_key or "", booking.resident_id, dict(booking.facts), until)


def preview(form: ChangeForm, booker: Booker, *, our_fault: bool = False) -> Difference:
    """What the change would do to the price. Raises NotAllowed, IllegalStep."""
    if form.boxes.is_wrong:
        raise NotAllowed("day", "年・月・日を、実際にある日付で入れてください。")
    if _essence(form, form.wish) == _essence(form, wish_of(form.booking)):
        raise NotAllowed("same", "いまの予約と同じです。変えたいところを選び直してください。")
    return change.preview(db(), services().facilities, form.booking, form.wish, booker, our_fault=our_fault)


def is_as_shown(found: Difference) -> bool:
    """Whether the amounts that the page showed are still the ones that would be moved."""
    shown = tuple(typed.whole(request.form.get(name)) for name in ("after", "to_pay", "refund"))
    return shown == (found.after_yen, found.to_pay_yen, found.refund_yen)


def may_change(booking: Booking) -> bool:
    """Whether changing can be asked for at all; the rules of the facility decide later."""
    return booking.state in ("applied", "awaiting_payment", "confirmed") and booking.starts_at > clock.now()


def _essence(form: ChangeForm, wish: Wish) -> tuple[object, ...]:
    """What tells two uses apart; a room let by bands has its times from them."""
    by_bands = form.facility.room(wish.room).mode == "bands"
    times: tuple[object, ...] = wish.bands if by_bands else (wish.start, wish.end)
    return wish.room, wish.use_on, times, wish.persons, dict(wish.extras)


def _wish(facility: Facility, booking: Booking, room: Room, wish: Wish, values: MultiDict[str, str]) -> Wish:
    if "chosen" not in values:
        moved = room.key != booking.room and room.mode != facility.room(booking.room).mode
        return replace(wish, bands=(), start=None, end=None) if moved else wish
    offered = [extra.key for extra in typed.choosable_extras(facility, room, wish.use_on)]
    extras = {key: typed.whole(values.get(f"extra.{key}")) for key in offered}
    wanted = typed.wish_of(facility, room, wish.use_on, values, values.getlist("band"))
    return replace(
        wish,
        bands=wanted.bands,
        start=wanted.start,
        end=wanted.end,
        persons=wanted.persons,
        extras={key: count for key, count in extras.items() if count},
    )
