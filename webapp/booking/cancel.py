"""Cancelling, with the tier and the refund known before the button is pressed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.booking import letters, paying
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facilities
from webapp.booking.find import lock_with_charge, of_case
from webapp.booking.hold import days_of, facility_and_room, vacate
from webapp.booking.models import Booking
from webapp.booking.refunds import RefundRule, refund_at
from webapp.booking.states import HOLDING, take
from webapp.casework import steps
from webapp.casework.models import Case
from webapp.payment import charges, refunds
from webapp.payment.models import Charge


@dataclass(frozen=True)
class Cancelled:
    """The rule that applied; `refund_yen` is owed on `charge` (open_yen below zero) until it is paid back."""

    booking: Booking
    rule: RefundRule
    charge: Charge | None


def preview(facilities: Facilities, booking: Booking, *, our_fault: bool = False) -> RefundRule:
    """What cancelling now would return. Raises NotFound."""
    facility, room = facility_and_room(facilities, booking.facility, booking.room)
    return refund_at(
        facility,
        room,
        booking.use_on,
        booking.starts_at,
        clock.now(),
        days_of(facilities, facility),
        booking.paid_yen,
        our_fault=our_fault,
    )


def cancel(
    session: Session,
    facilities: Facilities,
    token: str,
    *,
    actor: Actor,
    reason: str = "",
    our_fault: bool = False,
    expected_refund_yen: int | None = None,
) -> Cancelled:
    """Cancel one booking and lower its charge by what the tier returns.

    `expected_refund_yen` is what the page showed; when the tier changed meanwhile
    NotAllowed("refund_changed") asks to look again. Residents after `online_until` get
    NotAllowed("online_over"). Raises IllegalStep.
    """
    booking = lock_with_charge(session, token)
    rule = preview(facilities, booking, our_fault=our_fault)
    if actor.kind != "staff" and not our_fault:
        _require_online(booking, rule)
    if expected_refund_yen is not None and expected_refund_yen != rule.refund_yen:
        raise NotAllowed("refund_changed", "還付額が変わりました。もう一度内容を確かめてください。")
    take(booking, "displace" if our_fault else "cancel")
    booking.refund = rule.to_json()
    booking.give_reason("ended", reason)
    vacate(session, facilities, booking)
    charge = _settle_charge(session, booking, rule, reason, actor)
    _tell_and_close(session, facilities, booking, actor, reason, rule, our_fault=our_fault)
    if charge is not None:
        paying.confirm_if_nothing_is_open(session, facilities, charge)
    return Cancelled(booking, rule, charge)


def end_case_if_over(session: Session, case_id: int, actor: Actor, reason: str) -> None:
    """Cancel the case when none of its bookings stands any more."""
    standing = [b for b in of_case(session, case_id) if b.state in HOLDING]
    case = session.get_one(Case, case_id)
    step = "cancel" if actor.kind in ("staff", "system") else "withdraw"
    if not standing and steps.may(case, step):
        steps.take(session, case, step, actor, data={"reasons": reason})


def _require_online(booking: Booking, rule: RefundRule) -> None:
    if clock.now() >= booking.starts_at:
        raise NotAllowed("started", "利用の開始を過ぎたため、取り消せません。施設にお電話ください。")
    if not rule.online:
        raise NotAllowed(
            "online_over", "インターネットで取り消せる期限を過ぎました。施設の窓口にお電話ください。"
        )


def _settle_charge(
    session: Session, booking: Booking, rule: RefundRule, reason: str, actor: Actor
) -> Charge | None:
    if booking.charge_id is None:
        return None
    charge = charges.lock(session, booking.charge_id)
    why = reason or "予約の取消し"
    if booking.paid_yen == 0 and not _others_on(session, booking):
        return charges.cancel(session, charge, reason=why, actor=actor)
    unpaid = min(booking.total_yen - booking.paid_yen, charge.open_yen)
    if unpaid > 0:
        charges.waive(session, charge, unpaid, reason=why, actor=actor)
    if rule.refund_yen:
        cite = rule.citation or None
        charges.waive(session, charge, rule.refund_yen, reason=why, actor=actor, citation=cite)
        applied = refunds.Rule(why, rule.citation, f"{booking.paid_yen:,}円のうち{rule.refund_yen:,}円")
        refunds.propose_owed(session, charge, cause="cancelled", rule=applied, actor=actor)
    return charge


def _others_on(session: Session, booking: Booking) -> bool:
    others: Sequence[Booking] = of_case(session, booking.case_id) if booking.case_id else []
    return any(b.id != booking.id and b.charge_id == booking.charge_id and b.state in HOLDING for b in others)


def _tell_and_close(
    session: Session,
    facilities: Facilities,
    booking: Booking,
    actor: Actor,
    reason: str,
    rule: RefundRule,
    *,
    our_fault: bool,
) -> None:
    if booking.case_id is None:
        return
    facility, _ = facility_and_room(facilities, booking.facility, booking.room)
    case = session.get_one(Case, booking.case_id)
    session.flush()
    end_case_if_over(session, booking.case_id, actor, reason)
    data: dict[str, Any] = {"reason": reason} if reason else {}
    if rule.refund_yen:
        data["amount_yen"] = rule.refund_yen
    if our_fault:
        data["next"] = letters.INSTEAD
    letters.tell_about(session, facility, case, [booking], "booking_cancelled", **data)
