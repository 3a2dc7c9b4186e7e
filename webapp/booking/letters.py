"""Telling people about their booking."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from webapp import clock
from webapp.booking.facility import Facility
from webapp.booking.models import Booking
from webapp.booking.times import clock_text, minutes_of
from webapp.casework.models import Case
from webapp.casework.telling import recipient_of
from webapp.messaging.tell import Link, tell
from webapp.outbox import relay

WEEKDAY = "月火水木金土日"
REMINDER = "booking_reminder"
INSTEAD = {
    "ja": "ご迷惑をおかけします。代わりに空いている部屋と日時を、予約のページでご案内しています。",
    "easy": "すみません。ほかに あいて いる 部屋（へや）と 日を、予約（よやく）の ページで 見て ください。",
    "en": "We apologise. The page of your booking shows what is free instead.",
}
"""To somebody whose booking the city took back for a use of its own."""


def when_words(booking: Booking) -> str:
    """「2026年6月14日(日) 13:00–17:00」."""
    day = booking.use_on
    length = int((booking.ends_at - booking.starts_at).total_seconds() // 60)
    start = minutes_of(booking.starts_at)
    times = f"{clock_text(start)}–{clock_text(start + length)}"
    return f"{day.year}年{day.month}月{day.day}日({WEEKDAY[day.weekday()]}) {times}"


def tell_about(
    session: Session,
    facility: Facility,
    case: Case,
    bookings: list[Booking],
    event: str,
    *,
    mark: str = "",
    **data: Any,
) -> None:
    """Write one message about all bookings of a case; the same event about the same bookings tells once.
    `mark` tells apart what may be said of them more than once a day.

    A reminder of one of them that still waits is taken back: it would say what is no longer so.
    """
    for booking in bookings if event != REMINDER else ():
        if booking.reminded_at is not None:
            relay.supersede(session, f"booking:{REMINDER}:{case.id}:{booking.id}:")
    first = bookings[0]
    rooms = "・".join(dict.fromkeys(facility.room(b.room).name.ja for b in bookings))
    words = "、".join(when_words(b) for b in bookings[:5])
    if len(bookings) > 5:
        words += f" ほか{len(bookings) - 5}件"
    marks = "-".join(str(b.id) for b in bookings[:8])
    tell(
        session,
        event,
        recipient_of(case),
        link=Link("case", {"reference": case.reference}),
        case_id=case.id,
        reference=case.reference,
        data={
            "facility": facility.name.model_dump(exclude_none=True),
            "room": rooms,
            "when": words,
            "department": facility.department,
            **data,
        },
        dedupe_key=f"booking:{event}:{case.id}:{marks}:{first.changes}:{clock.today()}{mark}",
    )


def tell_about_change(
    session: Session, facility: Facility, case: Case, booking: Booking, *, to_pay_yen: int, refund_yen: int
) -> None:
    """Say what the booking is now, what it costs, and what happens to the difference."""
    data: dict[str, Any] = {}
    if booking.total_yen:
        data["amount_yen"] = booking.total_yen
    if booking.state == "awaiting_payment":
        data["held_until"] = booking.pay_by
    if to_pay_yen:
        data["next"] = _in_three(
            to_pay_yen,
            "差額の{}円をお支払いください。",
            "あと {}円 はらって ください。",
            "Please pay the difference of {} yen.",
        )
    elif refund_yen:
        data["next"] = _in_three(
            refund_yen,
            "差額のうち{}円をお返しします。",
            "{}円を 返します。",
            "We will refund {} yen of the difference.",
        )
    tell_about(session, facility, case, [booking], "booking_changed", **data)
    booking.reminded_at = None  # what was reminded of is no longer so: the new day has its own reminder


def invoiced(last: date) -> dict[str, str]:
    """That the fee is asked for after the use, and until when it is to be paid."""
    return {
        "ja": f"料金は、利用の後に請求します。{last.month}月{last.day}日までにお支払いください。",
        "easy": f"お金（かね）は、つかった あとで {last.month}月{last.day}日までに はらって ください。",
        "en": f"You pay by invoice after the use, by {last:%d %B %Y}.",
    }


def _in_three(yen: int, ja: str, easy: str, en: str) -> dict[str, str]:
    return {lang: words.format(f"{yen:,}") for lang, words in (("ja", ja), ("easy", easy), ("en", en))}
