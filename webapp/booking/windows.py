"""「いつから予約できますか、なぜ今はできないのですか」: the exact minute and the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from typing_extensions import TypedDict  # pydantic reads the library's own from Python 3.12 on

from webapp.booking.facility import Facility, Room
from webapp.booking.moments import Days, closes_at, opens_at
from webapp.booking.rules import Window
from webapp.tariff.facts import Facts, holds, names

Reason = Literal["open", "too_early", "too_late", "closed_day", "past", "registration_expires"]


class AnswerEntry(TypedDict):
    """An answer as data; `opens_at` and `closes_at` are instants, null where nothing limits."""

    allowed: bool
    reason: Reason
    opens_at: str | None
    closes_at: str | None
    closed_because: str | None
    citation: str


@dataclass(frozen=True)
class Answer:
    """When a use may be booked. `opens` None: at once; `closes` is exclusive."""

    reason: Reason
    opens: datetime | None
    closes: datetime | None
    citation: str = ""
    why_closed: str | None = None

    @property
    def allowed(self) -> bool:
        return self.reason == "open"

    def to_json(self) -> AnswerEntry:
        return {
            "allowed": self.allowed,
            "reason": self.reason,
            "opens_at": self.opens.isoformat() if self.opens else None,
            "closes_at": self.closes.isoformat() if self.closes else None,
            "closed_because": self.why_closed,
            "citation": self.citation,
        }


def window_for(facility: Facility, room: Room, facts: Facts) -> Window | None:
    """The first window that fits room and facts."""
    for window in facility.windows:
        if (not window.rooms or room.key in window.rooms) and holds(window.when, facts):
            return window
    return None


def asks_of_windows(facility: Facility, room: Room) -> set[str]:
    """The facts about a use that decide which window of a room fits: ticket, commercial, a question …"""
    fitting = (w for w in facility.windows if not w.rooms or room.key in w.rooms)
    return {name for window in fitting for name in names(window.when)} - {"resident", "group_class"}


def counts_hours(window: Window | None) -> bool:
    """Whether the window counts hours from the start, so each start of a day has its own answer."""
    moments = (window.opens, window.closes, window.counter_opens) if window else ()
    return any(moment is not None and moment.hours_before is not None for moment in moments)


def when_bookable(
    facility: Facility,
    rooms: Sequence[Room],
    use: date,
    starts: datetime,
    facts: Facts,
    days: Days,
    now: datetime,
    *,
    at_counter: bool = False,
    registration_until: date | None = None,
) -> Answer:
    """The strictest answer over all rooms wished for. `starts` is the start of the use (aware)."""
    found = [window_for(facility, room, facts) for room in rooms]
    windows = [window for window in found if window is not None]
    return within(
        windows, use, starts, days, now, at_counter=at_counter, registration_until=registration_until
    )


def within(
    windows: Sequence[Window],
    use: date,
    starts: datetime,
    days: Days,
    now: datetime,
    *,
    at_counter: bool = False,
    registration_until: date | None = None,
) -> Answer:
    """The strictest answer of some windows; without any nothing but the calendar limits."""
    why = days.facility.why_closed(use)
    opens: datetime | None = None
    closes = starts
    citations: list[str] = []
    for window in windows:
        citations.append(window.citation or "")
        first = (window.counter_opens or window.opens) if at_counter else window.opens
        if first is not None:
            at = opens_at(first, starts, use, days)
            opens = at if opens is None or at > opens else opens
        if window.closes is not None:
            closes = min(closes, closes_at(window.closes, starts, use, days))
    reason = _reason(why, opens, closes, starts, now, use, registration_until)
    return Answer(reason, opens, closes, "、".join(dict.fromkeys(c for c in citations if c)), why)


def _reason(
    why: str | None,
    opens: datetime | None,
    closes: datetime,
    starts: datetime,
    now: datetime,
    use: date,
    registration_until: date | None,
) -> Reason:
    if why is not None:
        return "closed_day"
    if starts <= now:
        return "past"
    if registration_until is not None and use > registration_until:
        return "registration_expires"
    if opens is not None and now < opens:
        return "too_early"
    return "too_late" if now >= closes else "open"
