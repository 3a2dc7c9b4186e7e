"""Confirming what is held: one case for everything chosen in one go, the price frozen, the charge opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import Table, bindparam, update
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.booking import invoicing, letters
from webapp.booking.due import last_day, pay_by
from webapp.booking.errors import HoldOver
from webapp.booking.facility import Facilities, Facility
from webapp.booking.find import lock_basket
from webapp.booking.hold import days_of
from webapp.booking.models import Booking
from webapp.booking.pricing import price_booking, terms_of
from webapp.booking.states import take
from webapp.casework import steps
from webapp.casework.models import Case
from webapp.casework.open_case import open_case
from webapp.errors import NotFound
from webapp.kept import save
from webapp.payment.charges import Line, open_charge
from webapp.payment.models import Charge
from webapp.tariff.quote import Quote
from webapp.yaml_source import LANGS

Method = Literal["online", "counter", "invoice"]
_TABLE = cast(Table, Booking.__table__)
_UPDATE = update(_TABLE).where(_TABLE.c.id == bindparam("row"))


@dataclass(frozen=True)
class Confirmed:
    """What confirming led to. `password` is shown once, for looking up without an account."""

    case: Case
    password: str
    bookings: list[Booking]
    charge: Charge | None

    @property
    def state(self) -> str:
        return self.bookings[0].state


def confirm(
    session: Session,
    facilities: Facilities,
    basket: str,
    *,
    contact: Mapping[str, Any],
    actor: Actor,
    method: Method = "online",
    channel: str = "web",
) -> Confirmed:
    """Turn the holds of a basket into bookings on one case.

    An exemption wish, an undecided rate or a hall that approves first leads to "applied"; a fee of zero or
    one paid on the day to "confirmed"; else payment is awaited until `pay_by`, and the slot stays held.
    Raises HoldOver when any hold ran out, NotFound for an empty basket, IllegalStep when it is done already.
    """
    now = clock.now()
    bookings = lock_basket(session, basket)
    held = [b for b in bookings if b.state == "held"]
    if not bookings:
        raise NotFound(basket, say="この予約は見つかりません。もう一度お選びください。")
    if not held or any(b.expires_at is not None and b.expires_at <= now for b in held):
        if any(b.case_id for b in bookings):
            take(bookings[0], "apply")
        raise HoldOver()
    facility = facilities.get(held[0].facility)
    if facility is None:
        raise NotFound(held[0].facility)
    prices = [price_booking(facility, booking, terms_of(booking)) for booking in held]
    examined = any(_must_be_examined(facility, *pair) for pair in zip(held, prices, strict=True))
    total = sum(price.total_yen for price in prices if price is not None)
    at_once = [] if examined or _must_be_prepaid(facility, held, total) else ["confirm"]
    case, password = _open_case(session, facility, held, contact, actor, channel, at_once)
    for booking, price in zip(held, prices, strict=True):
        booking.case_id, booking.contact, booking.channel = case.id, dict(contact), channel
        booking.quote = None if price is None else price.to_json()
        booking.total_yen = 0 if price is None else price.total_yen
    if examined:
        charge = None
        _apply(session, facility, case, held)
    else:
        paid_at = "counter" if method == "counter" else "online"
        by = paid_at if channel == "web" else channel
        charge = proceed_to_payment(session, facilities, facility, case, held, actor, by)
    return Confirmed(case, password, held, charge)


def proceed_to_payment(
    session: Session,
    facilities: Facilities,
    facility: Facility,
    case: Case,
    bookings: Sequence[Booking],
    actor: Actor,
    channel: str,
) -> Charge | None:
    """After approval, or at once: nothing to pay confirms, else the charge is opened and awaited."""
    now = clock.now()
    days = days_of(facilities, facility)
    total = sum(b.total_yen for b in bookings)
    prepaid = _must_be_prepaid(facility, bookings, total)
    invoice = invoicing.invoice_for(facility, bookings) if total else None
    due = min(pay_by(facility, now, b.use_on, b.starts_at, days) for b in bookings)
    if invoice is not None:
        due = invoicing.due(invoice, bookings)
    charge = None
    if total:
        lines = [line for booking in bookings for line in charge_lines(facility, booking)]
        charge = open_booking_charge(session, facility, case, lines, due, actor, channel, prepaid=prepaid)
    for booking in bookings:
        booking.charge_id = charge.id if charge else None
        booking.expires_at = None
        if prepaid:
            take(booking, "approve_unpaid")
            booking.pay_by = due
        else:
            take(booking, "confirm")
            booking.confirmed_at = now
        save(session, booking, _UPDATE)
    data: dict[str, Any] = {"amount_yen": total} if total else {}
    if prepaid:
        letters.tell_about(session, facility, case, list(bookings), "booking_held", held_until=due, **data)
    else:
        if steps.may(case, "confirm"):
            steps.take(session, case, "confirm", actor)
        if invoice is not None:
            data["pay_how"] = letters.invoiced(last_day(due))
        letters.tell_about(session, facility, case, list(bookings), "booking_confirmed", **data)
    return charge


def _apply(session: Session, facility: Facility, case: Case, held: list[Booking]) -> None:
    for booking in held:
        take(booking, "apply")
        booking.expires_at = None
    letters.tell_about(session, facility, case, held, "received", procedure=case.title)


def _must_be_prepaid(facility: Facility, bookings: Sequence[Booking], total_yen: int) -> bool:
    invoiced = invoicing.invoice_for(facility, bookings) is not None
    return facility.payment.prepaid and total_yen > 0 and not invoiced


def _must_be_examined(facility: Facility, booking: Booking, price: Quote | None) -> bool:
    room = facility.room(booking.room)
    undecided = price is not None and bool(price.undecided)
    wished = (booking.exemption or {}).get("state") == "wished"
    unknown = price is None and facility.fees_unknown is not None
    return facility.needs_approval(room) or undecided or wished or unknown


def _open_case(
    session: Session,
    facility: Facility,
    held: Sequence[Booking],
    contact: Mapping[str, Any],
    actor: Actor,
    channel: str,
    at_once: Sequence[str],
) -> tuple[Case, str]:
    first = held[0]
    room = facility.room(first.room)
    title = {
        "ja": f"{facility.name.ja} {room.name.ja}の利用",
        "easy": f"{facility.name.in_('easy')} {room.name.in_('easy')}の 利用（りよう）",
        "en": f"Use of {room.name.in_('en')}, {facility.name.in_('en')}",
    }
    return open_case(
        session,
        kind="booking",
        slug=facility.slug,
        title=title,
        department=facility.department,
        actor=actor,
        resident_id=first.resident_id,
        contact=dict(contact),
        channel=channel,
        search_text=[facility.name.ja, room.name.ja, first.title or ""],
        at_once=at_once,
    )


def open_booking_charge(
    session: Session,
    facility: Facility,
    case: Case,
    lines: Sequence[Line],
    due: datetime,
    actor: Actor,
    channel: str,
    *,
    prepaid: bool,
) -> Charge:
    """Open the charge of a booking case; with `prepaid` the slot is held until `due`, where it lapses."""
    return open_charge(
        session,
        case_id=case.id,
        purpose="booking",
        lines=lines,
        payee=facility.payment.payee,
        due_on=last_day(due),
        payer={**case.contact, "resident_id": case.resident_id},
        actor=actor,
        channel=channel if channel in ("online", "counter", "post", "phone") else "online",
        title=case.title,
        facility=facility.slug,
        department=facility.department,
        pay_before=due if prepaid and facility.payment.lapse else None,
        konbini_until=last_day(due),
        methods=facility.payment.methods,
    )


def charge_label(facility: Facility, booking: Booking, what: Mapping[str, str]) -> dict[str, str]:
    """Day, room and ``what`` is charged for, in each language."""
    room, day = facility.room(booking.room).name, booking.use_on
    days = {"en": f"{day.day} {day:%b}"}
    return {
        lang: f"{days.get(lang, f'{day.month}/{day.day}')} {room.in_(lang)} {what.get(lang) or what['ja']}"
        for lang in LANGS
    }


def charge_lines(facility: Facility, booking: Booking) -> list[Line]:
    """The frozen quote as lines of a charge."""
    quote = booking.quote or {}
    return [
        Line(
            label=charge_label(facility, booking, line["label"]),
            amount_yen=line["amount_yen"],
            tax_class=line["tax_class"],
            citation=line["citation"],
            revenue_item="施設使用料",
        )
        for line in quote.get("lines", [])
        if line["amount_yen"]
    ]
