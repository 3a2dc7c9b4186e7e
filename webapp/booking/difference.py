"""What a change does to the money: only the difference is claimed, dropped or paid back."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.booking import invoicing, paying
from webapp.booking.confirm import charge_label, open_booking_charge
from webapp.booking.due import last_day, pay_by, rest_of_day
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facilities, Facility
from webapp.booking.find import of_charge
from webapp.booking.hold import days_of
from webapp.booking.models import Booking
from webapp.booking.pricing import price_wish, terms_of
from webapp.booking.refunds import RefundRule, refund_of_change
from webapp.booking.wish import Wish
from webapp.casework.models import Case
from webapp.payment import charges, refunds
from webapp.payment.charges import Line
from webapp.payment.models import Charge
from webapp.tariff.adjust import NotExempt
from webapp.tariff.prices import NoPrice


@dataclass(frozen=True)
class Difference:
    """The price before and after, and where the difference goes.

    `to_pay_yen` is claimed in addition; `dropped_yen` was still unpaid and is no longer asked for;
    `refund` is the rule for what was paid and the new use does not cost (None: nothing was).
    """

    before_yen: int
    after_yen: int
    to_pay_yen: int = 0
    dropped_yen: int = 0
    refund: RefundRule | None = None
    undecided: tuple[str, ...] = ()
    quote: dict[str, Any] | None = None

    @property
    def refund_yen(self) -> int:
        return self.refund.refund_yen if self.refund else 0


def of_change(
    facilities: Facilities, facility: Facility, booking: Booking, wish: Wish, *, our_fault: bool = False
) -> Difference:
    """The difference if the booking became `wish` now.

    Before a charge exists the price is simply another one. Raises NotAllowed where the table prints no
    price or the granted exemption does not cover the new use.
    """
    terms = replace(terms_of(booking), persons=wish.persons, extras=wish.extras)
    try:
        price = price_wish(facility, wish, terms)
    except (NoPrice, NotExempt):
        raise NotAllowed(
            "no_price", "この使い方の料金は表にありません。施設の窓口でお申し込みください。"
        ) from None
    before = booking.total_yen
    if price is None:
        return Difference(before, before, quote=booking.quote)
    found = Difference(before, price.total_yen, undecided=tuple(price.undecided), quote=price.to_json())
    if booking.state in ("held", "applied"):
        return found
    less = before - price.total_yen
    if less <= 0:
        return replace(found, to_pay_yen=-less)
    dropped = min(less, before - booking.paid_yen)
    return replace(
        found,
        dropped_yen=dropped,
        refund=_refund(facilities, facility, booking, less - dropped, our_fault) if less > dropped else None,
    )


def payment_under_way(session: Session, charge_id: int) -> bool:
    """Whether a provider's page or a konbini slip may still bring the amount as it was."""
    attempt = charges.open_attempt(charges.lock(session, charge_id))
    return attempt is not None and (attempt.status == "pending" or attempt.expires_at > clock.now())


def settle(
    session: Session,
    facilities: Facilities,
    facility: Facility,
    booking: Booking,
    found: Difference,
    actor: Actor,
) -> Charge | None:
    """Freeze the new price on a booking that was moved and bring its charge to it."""
    booking.quote, booking.total_yen = found.quote, found.after_yen
    if booking.state in ("held", "applied"):
        return None
    booking.paid_yen = min(booking.paid_yen, found.after_yen)
    session.flush()
    charge = _claim(session, facilities, facility, booking, found, actor)
    if charge is None:
        return None
    _set_deadline(session, facilities, facility, booking, charge)
    paying.confirm_if_nothing_is_open(session, facilities, charge)
    return charge


def _claim(
    session: Session,
    facilities: Facilities,
    facility: Facility,
    booking: Booking,
    found: Difference,
    actor: Actor,
) -> Charge | None:
    line = _line(facility, booking, found)
    if booking.charge_id is None:
        if not found.to_pay_yen:
            return None
        case = session.get_one(Case, booking.case_id)
        due = _due(facilities, facility, booking)
        charge = open_booking_charge(session, facility, case, [line], due, actor, "online", prepaid=False)
        booking.charge_id = charge.id
        return charge
    charge = charges.lock(session, booking.charge_id)
    if found.to_pay_yen:
        charges.add_lines(session, charge, [line], actor=actor)
    dropped = min(found.dropped_yen, charge.open_yen)  # less is open where the desk waived some already
    if dropped > 0:
        charges.waive(session, charge, dropped, reason="予約の変更", actor=actor)
    if found.refund is not None and found.refund_yen:
        citation = found.refund.citation
        charges.waive(
            session, charge, found.refund_yen, reason="予約の変更", actor=actor, citation=citation or None
        )
        less = found.before_yen - found.after_yen
        rule = refunds.Rule("予約の変更", citation, f"差額{less:,}円のうち{found.refund_yen:,}円")
        refunds.propose_owed(session, charge, cause="corrected", rule=rule, actor=actor)
    return charge


DIFFERENCE = {
    "ja": "変更による差額",
    "easy": "変（か）えた ぶんの お金（かね）",
    "en": "Difference after the change",
}


def _line(facility: Facility, booking: Booking, found: Difference) -> Line:
    lines = (found.quote or {}).get("lines") or [{}]
    return Line(
        label=charge_label(facility, booking, DIFFERENCE),
        amount_yen=found.to_pay_yen,
        tax_class=lines[0].get("tax_class", "standard"),
        citation=(found.quote or {}).get("citation"),
        revenue_item="施設使用料",
    )


def _set_deadline(
    session: Session, facilities: Facilities, facility: Facility, booking: Booking, charge: Charge
) -> None:
    """Another day of use has another day to pay; of several bookings on a charge the earliest counts."""
    if charge.open_yen <= 0:
        return
    due = _due(facilities, facility, booking)
    if booking.state == "awaiting_payment":
        booking.pay_by = due
        session.flush()
    waiting = [b.pay_by for b in of_charge(session, charge.id) if b.state == "awaiting_payment"]
    charge.pay_before = min((at for at in waiting if at is not None), default=None)
    charge.due_on = charge.konbini_until = last_day(charge.pay_before or due)


def _due(facilities: Facilities, facility: Facility, booking: Booking) -> datetime:
    """Counted from the booking while it awaits payment, from now for what a confirmed one costs more.

    Who pays by invoice pays after the use.
    """
    now = clock.now()
    invoice = invoicing.invoice_for(facility, [booking])
    if invoice is not None:
        return invoicing.due(invoice, [booking])
    counted_from = booking.created_at if booking.state == "awaiting_payment" else now
    days = days_of(facilities, facility)
    due = pay_by(facility, counted_from, booking.use_on, booking.starts_at, days)
    return due if due > now else rest_of_day(now, booking.starts_at)


def _refund(
    facilities: Facilities, facility: Facility, booking: Booking, less_yen: int, our_fault: bool
) -> RefundRule:
    return refund_of_change(
        facility,
        facility.room(booking.room),
        booking.use_on,
        booking.starts_at,
        clock.now(),
        days_of(facilities, facility),
        less_yen,
        our_fault=our_fault,
    )
