"""Examining an application to use a hall: approve, refuse with reasons, grant or deny an exemption."""

from collections.abc import Mapping
from fractions import Fraction

from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.booking import letters
from webapp.booking.confirm import proceed_to_payment
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facilities
from webapp.booking.find import of_case
from webapp.booking.hold import facility_and_room, vacate
from webapp.booking.models import Booking
from webapp.booking.pricing import price_booking, terms_of
from webapp.booking.states import take
from webapp.casework import decisions, steps
from webapp.casework.models import Case
from webapp.errors import NotFound
from webapp.payment.models import Charge
from webapp.tariff.lines import FeeLine, Step
from webapp.tariff.quote import Quote
from webapp.yaml_source import Text


def decide_price(
    session: Session,
    facilities: Facilities,
    booking: Booking,
    *,
    exemption: bool | None = None,
    share: Fraction | None = None,
    rates: Mapping[str, Fraction] | None = None,
    reason: str = "",
    actor: Actor,
) -> Booking:
    """Grant or deny the exemption wished for, and set rates that the table leaves to the city.

    Raises NotAllowed when a rate passes its limit or an exemption is denied without its reason (the permit
    carries it, 行政手続法8条), IllegalStep when the booking is not under examination.
    """
    if booking.state != "applied":
        take(booking, "refuse")
    facility, _ = facility_and_room(facilities, booking.facility, booking.room)
    _check_rates(facilities, booking, rates or {})
    state = dict(booking.exemption or {})
    if exemption is False and state.get("key") and not reason.strip():
        raise NotAllowed("exemption_reason", "減免を認めない理由を書いてください。許可書に載ります。")
    if exemption is not None and state.get("key"):
        state["state"] = "granted" if exemption else "denied"
        booking.give_reason("denied", reason)
    if share is not None:
        state["share"] = str(share)
    if rates:
        state["decided"] = {key: str(rate) for key, rate in rates.items()}
    booking.exemption = state or None
    price = price_booking(facility, booking, terms_of(booking))
    booking.quote = None if price is None else price.to_json()
    booking.total_yen = 0 if price is None else price.total_yen
    return booking


def set_price(booking: Booking, yen: int, citation: str) -> None:
    """Where no table is known the officer names the price; it is stored as a quote of one line.

    Raises NotAllowed without the rule it comes from: the permit has to name it.
    """
    if not citation:
        raise NotAllowed("citation", "料金の根拠(条例・規則の条など)を書いてください。")
    step = Step(Text(ja="職員が確かめた額", en="Amount set by an officer"), "1件", Fraction(yen), citation)
    label = Text(ja="使用料", en="Fee")
    line = FeeLine("room", "room", label, Fraction(1), yen, yen, citation, "回", steps=(step,))
    booking.quote = Quote((line,), yen, "by_hand", "", citation).to_json()
    booking.total_yen = yen


def approve(
    session: Session,
    facilities: Facilities,
    case_id: int,
    *,
    actor: Actor,
    conditions: str = "",
    instruction: str = "",
) -> Charge | None:
    """Allow the use of everything applied for on a case; what costs something then awaits payment.

    `conditions` limit the permit and stand on it with their reasons; `instruction` is the 教示 that then
    has to stand below. Raises NotAllowed while a wished exemption, a rate or the price is undecided,
    NotFound without an application.
    """
    bookings = _applied(session, case_id)
    for booking in bookings:
        if (booking.exemption or {}).get("state") == "wished":
            raise NotAllowed("exemption", "減免の申請がまだ決まっていません。先に減免を決めてください。")
        if (booking.quote or {}).get("undecided"):
            raise NotAllowed("undecided", "料金の倍率がまだ決まっていません。先に倍率を決めてください。")
    facility, _ = facility_and_room(facilities, bookings[0].facility, bookings[0].room)
    if facility.payment.prepaid and any(booking.quote is None for booking in bookings):
        raise NotAllowed("yen", "料金がまだ決まっていません。料金(無料なら0)と根拠を入れてください。")
    case = session.get_one(Case, case_id)
    limited = conditions.strip() or any((b.exemption or {}).get("state") == "denied" for b in bookings)
    decisions.keep(
        session,
        case,
        "approve",
        actor,
        conditions=conditions.strip(),
        instruction=instruction if limited else "",
    )
    return proceed_to_payment(session, facilities, facility, case, bookings, actor, "online")


def refuse(
    session: Session,
    facilities: Facilities,
    case_id: int,
    *,
    reasons: str,
    actor: Actor,
    instruction: str = "",
) -> None:
    """Refuse with reasons (行政手続法8条) and 教示; the slots are free again.

    Raises NotAllowed without reasons, NotFound without an application.
    """
    if not reasons.strip():
        raise NotAllowed("reasons", "許可しない理由を書いてください。")
    bookings = _applied(session, case_id)
    for booking in bookings:
        take(booking, "refuse")
        booking.refund = {"decided_at": clock.now().isoformat()}
        booking.give_reason("ended", reasons)
        vacate(session, facilities, booking)
    case = session.get_one(Case, case_id)
    steps.take(session, case, "decline", actor, data={"reasons": reasons})
    decisions.keep(session, case, "decline", actor, reasons=reasons, instruction=instruction)
    facility, _ = facility_and_room(facilities, bookings[0].facility, bookings[0].room)
    letters.tell_about(session, facility, case, bookings, "booking_refused", reason=reasons)


def _applied(session: Session, case_id: int) -> list[Booking]:
    bookings = [b for b in of_case(session, case_id) if b.state == "applied"]
    if not bookings:
        raise NotFound(str(case_id), say="審査を待っている予約はありません。")
    return bookings


def _check_rates(facilities: Facilities, booking: Booking, rates: Mapping[str, Fraction]) -> None:
    facility, room = facility_and_room(facilities, booking.facility, booking.room)
    table = facility.table_on(room, booking.use_on)
    limits = {a.key: a.at_most for a in (table.adjustments if table is not None else ())}
    for key, rate in rates.items():
        limit = limits.get(key)
        if key not in limits or (limit is not None and rate > limit) or rate < 0:
            raise NotAllowed("rate", f"倍率は{limit}倍以内で決めてください。")
