"""A group stayed longer: its overtime by the tariff, recorded once and claimed on a charge of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.booking import overtime_claim
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facilities, Facility
from webapp.booking.find import lock_booking
from webapp.booking.hold import facility_and_room
from webapp.booking.models import Booking
from webapp.booking.overtime_models import Overtime
from webapp.booking.pricing import price_overtime
from webapp.casework import timeline
from webapp.casework.models import Case
from webapp.payment.charges import by
from webapp.payment.settle import Handlers
from webapp.tariff.adjust import NotExempt
from webapp.tariff.extras import TooLong
from webapp.tariff.prices import NoPrice

PURPOSE = overtime_claim.PURPOSE
HANDLERS = Handlers(on_settled=lambda _session, _paid: True)
"""The use is over: money for it is never too late, and nothing else follows from it."""
MOST_MINUTES = 24 * 60


@dataclass(frozen=True)
class Overrun:
    """How long a use ran over, what that costs in all, and what was claimed for it before."""

    minutes: int
    yen: int
    known_yen: int
    quote: dict[str, Any]


def of_booking(session: Session, booking: Booking) -> Overtime | None:
    """What was recorded, as the database has it now."""
    return session.get(Overtime, booking.id, populate_existing=True)


def of_bookings(session: Session, bookings: Iterable[Booking]) -> dict[int, Overtime]:
    """What was recorded about these bookings, by their ids."""
    query = select(Overtime).where(Overtime.booking_id.in_([booking.id for booking in bookings]))
    return {one.booking_id: one for one in session.scalars(query)}


def may_record(booking: Booking) -> bool:
    """Whether overtime can be recorded at all: the use has begun and somebody came."""
    return _why_not(booking) is None


def preview(session: Session, facilities: Facilities, booking: Booking, minutes: int) -> Overrun:
    """What `record` would claim, under the same rules; nothing is written. Raises NotAllowed."""
    refused = _why_not(booking)
    if refused is not None:
        raise refused
    kept = of_booking(session, booking)
    least = 0 if kept is not None else 1
    if not least <= minutes <= MOST_MINUTES:
        raise NotAllowed("minutes", f"超えた時間を、{least}から{MOST_MINUTES}までの分で入れてください。")
    facility, _room = facility_and_room(facilities, booking.facility, booking.room)
    quote = _quote(facility, booking, minutes)
    return Overrun(minutes, int(quote["total_yen"]), kept.yen if kept else 0, quote)


def record(
    session: Session, facilities: Facilities, token: str, minutes: int, *, actor: Actor, expected_yen: int
) -> Overtime:
    """Record how many minutes a group stayed beyond its booking, and claim what that costs.

    A second recording corrects the first: only the difference is claimed, dropped or paid back; the same
    minutes at the same price change nothing. The price is frozen, the person is told. `expected_yen` is
    what the page showed; NotAllowed("price_changed") when it is another amount now. Raises NotAllowed
    (not begun, no overtime in the tariff, more than it allows, a payment under way), NotFound.
    """
    booking = lock_booking(session, token)
    found = preview(session, facilities, booking, minutes)
    if found.yen != expected_yen:
        raise NotAllowed("price_changed", "料金が変わりました。もう一度内容を確かめてください。")
    kept = of_booking(session, booking)
    if kept is not None and (kept.minutes, kept.yen) == (found.minutes, found.yen):
        return kept
    facility, _room = facility_and_room(facilities, booking.facility, booking.room)
    case = session.get_one(Case, booking.case_id)
    kept = _keep(session, booking, kept, found, actor)
    claim = overtime_claim.Claim(facility, case, booking, kept)
    back_yen = overtime_claim.bring_to(session, claim, found.yen - found.known_yen, actor)
    _note(session, claim, actor)
    overtime_claim.tell(session, claim, corrected=kept.times > 1, back_yen=back_yen)
    return kept


def _why_not(booking: Booking) -> NotAllowed | None:
    if booking.state != "confirmed" or booking.case_id is None:
        return NotAllowed("state", "確定した予約だけに記録できます。予約の状態を確かめてください。")
    if booking.starts_at > clock.now():
        return NotAllowed("not_begun", "利用が始まってから記録してください。")
    if booking.attended is False:
        return NotAllowed("absent", "不来館と記録されています。先に予約表で来館の記録を直してください。")
    return None


def _quote(facility: Facility, booking: Booking, minutes: int) -> dict[str, Any]:
    if not minutes:
        return {"lines": [], "total_yen": 0}
    try:
        quote = price_overtime(facility, booking, minutes)
    except TooLong as over:
        limit = over.args[0]
        raise NotAllowed(
            "too_long", f"料金表で認める時間超過は{limit}時間までです。{limit * 60}分までで入れてください。"
        ) from None
    except (NoPrice, NotExempt):
        quote = None
    if quote is None:
        raise NotAllowed(
            "no_overtime",
            "この部屋の料金表には、時間超過の料金がありません。料金表に加えるまで請求できません。",
        )
    if quote.undecided:
        raise NotAllowed("undecided", "料金の倍率がまだ決まっていません。先に倍率を決めてください。")
    return quote.to_json()


def _keep(
    session: Session, booking: Booking, kept: Overtime | None, found: Overrun, actor: Actor
) -> Overtime:
    """Write the one row of the booking; its key lets there be no second one."""
    if kept is None:
        kept = Overtime(booking_id=booking.id, times=0)
        session.add(kept)
    kept.minutes, kept.yen, kept.quote = found.minutes, found.yen, found.quote
    kept.times += 1
    kept.recorded_at, kept.recorded_by = clock.now(), by(actor)
    session.flush()
    return kept


def _note(session: Session, claim: overtime_claim.Claim, actor: Actor) -> None:
    booking, kept = claim.booking, claim.overtime
    timeline.record(session, claim.case, "overtime_recorded", actor, public=True)
    details = {"minutes": kept.minutes, "yen": kept.yen, "times": kept.times}
    audit.record(
        session,
        actor,
        "booking.overtime",
        object_kind="booking",
        object_id=booking.id,
        case_id=booking.case_id,
        details=details,
    )
