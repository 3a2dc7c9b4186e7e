"""Running the worked examples of a facility file: what must come out, and what did."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from webapp.booking import limits
from webapp.booking.due import last_day, pay_by
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facility, Room, Worked
from webapp.booking.hold import check_size
from webapp.booking.moments import Days
from webapp.booking.refunds import refund_at
from webapp.booking.times import day_of, instant, minutes
from webapp.booking.windows import Answer, when_bookable
from webapp.booking.wish import Wish, expand_bands, span_of
from webapp.calendar.business import city_hall
from webapp.clock import TOKYO
from webapp.tariff.adjust import NotExempt
from webapp.tariff.extras import TooLong
from webapp.tariff.money import fraction
from webapp.tariff.prices import NoPrice
from webapp.tariff.quote import Quote, quote, table_for
from webapp.tariff.usage import Usage

NOON = 12 * 60
REFUSALS: Mapping[type[Exception], str] = {
    NoPrice: "no_price",
    NotExempt: "not_exempt",
    TooLong: "too_long",
    NotAllowed: "not_allowed",
}


def outcome(facility: Facility, case: Worked) -> Any:
    """What the engine says for a case; refusals come out as words. Raises KeyError for a missing given."""
    try:
        return RUNNERS[case.kind](facility, case.given)
    except tuple(REFUSALS) as refusal:
        return REFUSALS[type(refusal)]


def agrees(expected: Any, actual: Any) -> bool:
    """Maps agree when every expected key does; everything else must be equal."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return all(key in actual and agrees(value, actual[key]) for key, value in expected.items())
    return bool(expected == actual)


def price_case(facility: Facility, given: Mapping[str, Any]) -> Quote:
    """The quote of a worked example. `combination` in the case replaces the table's own reading."""
    room = facility.room(given["room"])
    day = date.fromisoformat(given.get("date", "2026-06-10"))
    table = table_for(facility.tariffs, room.key, day)
    if "combination" in given:
        table = table.model_copy(update={"combination": given["combination"]})
    bands = expand_bands(facility, room, given.get("bands", [])) if room.mode == "bands" else ()
    usage = Usage(
        room=room.key,
        day=day,
        bands=bands,
        hours=_hours(facility, room, day, bands, given),
        persons=given.get("persons", 0),
        sqm=fraction(given.get("sqm", 0)),
        count=given.get("count", 1),
        overtime_hours=fraction(given.get("overtime_hours", 0)),
        extras=given.get("extras", {}),
        facts=given.get("facts", {}),
        combined={b.key: tuple(b.covers) for b in facility.band_set(room) if b.covers},
        band_labels={b.key: b.name for b in facility.band_set(room)},
        exemption=given.get("exemption"),
        decided={key: fraction(rate) for key, rate in given.get("decided", {}).items()},
        base_yen=given.get("base_yen"),
    )
    return quote(table, usage)


def _hours(
    facility: Facility, room: Room, day: date, bands: tuple[str, ...], given: Mapping[str, Any]
) -> Fraction:
    if "hours" in given:
        return fraction(given["hours"])
    if not bands:
        return Fraction(1)
    span = span_of(facility, room, Wish(facility.slug, room.key, day, bands))
    return Fraction(span.end - span.start, 60)


def _quote(facility: Facility, given: Mapping[str, Any]) -> Any:
    price = price_case(facility, given)
    return "undecided" if price.undecided else price.total_yen


def _days(facility: Facility) -> Days:
    return Days(facility.calendar(), city_hall())


def _answer(facility: Facility, given: Mapping[str, Any], now: datetime) -> Answer:
    keys = given["rooms"] if "rooms" in given else [given["room"]]
    rooms = [facility.room(key) for key in keys]
    use = date.fromisoformat(given["use"])
    facts = {"resident": True, "ticket": 0, "commercial": False, **given.get("facts", {})}
    starts = instant(use, minutes(given.get("start", "24:00")) if "start" in given else 24 * 60)
    return when_bookable(facility, rooms, use, starts, facts, _days(facility), now)


def _window(facility: Facility, given: Mapping[str, Any]) -> Any:
    answer = _answer(facility, given, datetime(2000, 1, 1, tzinfo=TOKYO))
    opens = None if answer.opens is None else answer.opens.astimezone(TOKYO)
    return {
        "opens": None if opens is None else opens.date().isoformat(),
        "opens_at": None if opens is None else f"{opens:%H:%M}",
        "opens_month": None if opens is None else f"{opens:%Y-%m}",
        "closes": None if answer.closes is None else last_day(answer.closes).isoformat(),
    }


def _may_apply(facility: Facility, given: Mapping[str, Any]) -> Any:
    on = given["on"]
    now = (
        datetime.fromisoformat(on).replace(tzinfo=TOKYO)
        if "T" in on
        else instant(date.fromisoformat(on), NOON)
    )
    return _answer(facility, given, now).reason in ("open", "closed_day")


def _open(facility: Facility, given: Mapping[str, Any]) -> Any:
    calendar = facility.calendar()
    if "next_from" in given:
        return calendar.roll_forward(date.fromisoformat(given["next_from"])).isoformat()
    if "between" in given:
        first, last = (date.fromisoformat(text) for text in given["between"])
        length = (last - first).days + 1
        return sum(not calendar.is_open(first + timedelta(days=n)) for n in range(length))
    return calendar.is_open(date.fromisoformat(given["day"]))


def _refund(facility: Facility, given: Mapping[str, Any]) -> Any:
    room = facility.room(given.get("room", facility.rooms[0].key))
    use = date.fromisoformat(given["use"])
    on = given["on"]
    now = (
        datetime.fromisoformat(on).replace(tzinfo=TOKYO)
        if "T" in on
        else instant(date.fromisoformat(on), NOON)
    )
    rule = refund_at(
        facility,
        room,
        use,
        instant(use, minutes(given.get("start", "18:00"))),
        now,
        _days(facility),
        given.get("paid", 1000),
        method=given.get("method", "cash"),
        our_fault=given.get("our_fault", False),
    )
    return {
        "refund": rule.refund_yen,
        "fee": rule.fee_yen,
        "share": f"{rule.share.numerator}/{rule.share.denominator}" if rule.share else "0",
        "online": rule.online,
    }


def _limit(facility: Facility, given: Mapping[str, Any]) -> Any:
    rules = facility.limits
    value = given["value"]
    if given["rule"] == "consecutive_days":
        return rules.max_consecutive_days is None or value <= rules.max_consecutive_days
    if given["rule"] == "weekly_series":
        return rules.weekly_series or not limits.is_weekly([date.fromisoformat(day) for day in value])
    if given["rule"] == "per_month":
        return rules.per_month is None or value <= rules.per_month
    if given["rule"] == "cancellations":
        return rules.cancellations is None or not limits.restricted(value, rules.cancellations)
    raise KeyError(given["rule"])


def _capacity(facility: Facility, given: Mapping[str, Any]) -> Any:
    check_size(facility, facility.room(given["room"]), given["persons"])
    return True


def _due(facility: Facility, given: Mapping[str, Any]) -> Any:
    use = date.fromisoformat(given["use"])
    booked = instant(date.fromisoformat(given["booked"]), NOON)
    end = pay_by(facility, booked, use, instant(use, 18 * 60), _days(facility))
    return day_of(end - timedelta(seconds=1)).isoformat()


def _start(facility: Facility, given: Mapping[str, Any]) -> Any:
    room = facility.room(given["room"])
    at = minutes(given["start"])
    if room.mode == "bands":
        return any(band.begins == at for band in facility.band_set(room))
    wish = Wish(facility.slug, room.key, date(2026, 6, 10), (), at, minutes(given.get("end", "24:00")))
    span_of(facility, room, wish)
    return True


def _session(facility: Facility, given: Mapping[str, Any]) -> Any:
    sessions = facility.room(given["room"]).sessions
    return sessions is not None and given["taken"] + given["persons"] <= sessions.cap


def _reading(facility: Facility, given: Mapping[str, Any]) -> Any:
    return None


RUNNERS: Mapping[str, Callable[[Facility, Mapping[str, Any]], Any]] = {
    "quote": _quote,
    "window": _window,
    "may_apply": _may_apply,
    "open": _open,
    "refund": _refund,
    "limit": _limit,
    "capacity": _capacity,
    "due": _due,
    "start": _start,
    "session": _session,
    "reading": _reading,
}
