"""The money of overtime: a charge of its own, of which corrections move only the difference."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.booking import letters
from webapp.booking.difference import payment_under_way
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facility
from webapp.booking.models import Booking
from webapp.booking.overtime_models import Overtime
from webapp.casework.models import Case
from webapp.payment import charges, policy, refunds
from webapp.payment.charges import Line
from webapp.payment.models import Charge

PURPOSE = "booking_overtime"
WHY = "時間超過の訂正"


@dataclass(frozen=True)
class Claim:
    """Whose overtime it is, and where it is claimed."""

    facility: Facility
    case: Case
    booking: Booking
    overtime: Overtime


def bring_to(session: Session, claim: Claim, more_yen: int, actor: Actor) -> int:
    """Claim `more_yen`, or less where it is below zero; returns what of it is owed back to the payer.

    Raises NotAllowed while a payment is under way, and when the claim was ended at the cash desk.
    """
    if not more_yen:
        return 0
    if claim.overtime.charge_id is None:
        claim.overtime.charge_id = _open(session, claim, actor).id
        session.flush()
        return 0
    if payment_under_way(session, claim.overtime.charge_id):
        raise NotAllowed(
            "payment_under_way", "支払いの手続きの途中です。1時間ほどたってから訂正してください。"
        )
    charge = charges.lock(session, claim.overtime.charge_id)
    if charge.cancelled_at is not None:
        raise NotAllowed("charge_ended", "この請求は終わっています。収納の担当に相談してください。")
    if more_yen > 0:
        charges.add_lines(session, charge, [_line(claim, more_yen)], actor=actor)
        return 0
    return _lower(session, charge, -more_yen, actor)


def tell(session: Session, claim: Claim, *, corrected: bool, back_yen: int) -> None:
    """Say how long the use ran over and what is to pay; each recording is told."""
    data: dict[str, Any] = {"count": str(claim.overtime.minutes)}
    charge = session.get(Charge, claim.overtime.charge_id) if claim.overtime.charge_id else None
    if charge is not None and charge.open_yen > 0:
        data |= {"amount_yen": charge.open_yen, "due_on": charge.due_on}
    if corrected:
        data["next"] = _corrected(back_yen)
    letters.tell_about(
        session,
        claim.facility,
        claim.case,
        [claim.booking],
        "booking_overtime",
        mark=f":{claim.overtime.times}",
        **data,
    )


def due_on(facility: Facility, today: date) -> date:
    """The last day to pay: as many days as the hall gives for a booking, else the city's own."""
    days = facility.payment.days_after
    return today + timedelta(days=policy.rules().pay_within_days if days is None else days)


def _open(session: Session, claim: Claim, actor: Actor) -> Charge:
    case, facility = claim.case, claim.facility
    return charges.open_charge(
        session,
        case_id=case.id,
        purpose=PURPOSE,
        lines=[_line(claim, claim.overtime.yen)],
        payee=facility.payment.payee,
        due_on=due_on(facility, clock.today()),
        payer={**case.contact, "resident_id": case.resident_id},
        actor=actor,
        channel="online",
        title=_label(claim),
        facility=facility.slug,
        department=facility.department,
        methods=facility.payment.methods,
    )


def _lower(session: Session, charge: Charge, less_yen: int, actor: Actor) -> int:
    """Drop what is still unpaid, and propose to pay back what was paid for it."""
    less = min(less_yen, charge.lines_yen - charge.waived_yen)
    if less:
        charges.waive(session, charge, less, reason=WHY, actor=actor)
    rule = refunds.Rule(WHY, "", f"請求を{less:,}円下げた")
    proposed = refunds.propose_owed(session, charge, cause="corrected", rule=rule, actor=actor)
    return sum(refund.amount_yen for refund in proposed)


def _line(claim: Claim, yen: int) -> Line:
    first = claim.overtime.quote["lines"][0]
    return Line(
        label=_label(claim),
        amount_yen=yen,
        tax_class=first["tax_class"],
        citation=first["citation"],
        revenue_item="施設使用料",
    )


def _label(claim: Claim) -> dict[str, str]:
    day, minutes = claim.booking.use_on, claim.overtime.minutes
    room = claim.facility.room(claim.booking.room).name
    head = f"{day.month}/{day.day}"
    return {
        "ja": f"{head} {room.ja} 時間超過 {minutes}分",
        "easy": f"{head} {room.in_('easy')} のびた 時間（じかん） {minutes}分",
        "en": f"{head} {room.in_('en')} Overtime, {minutes} minutes",
    }


def _corrected(back_yen: int) -> dict[str, str]:
    said = {
        "ja": "前にお知らせした内容を訂正しました。",
        "easy": "まえの おしらせを なおしました。",
        "en": "This corrects what we told you before.",
    }
    if not back_yen:
        return said
    back = {
        "ja": f"お支払い済みの{back_yen:,}円をお返しします。",
        "easy": f"はらった お金から {back_yen:,}円を 返します。",
        "en": f" We will refund {back_yen:,} yen that you paid.",
    }
    return {lang: words + back[lang] for lang, words in said.items()}
