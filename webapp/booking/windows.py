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


@dataclass(frozen=True)
class Bounds:
    """Between which instants a use may be booked. It never changes; what it means now is the answer."""

    use: date
    starts: datetime
    opens: datetime | None
    closes: datetime
    citation: str
    why_closed: str | None

    def answer(self, now: datetime, registration_until: date | None = None) -> Answer:
        reason = self._reason(now, registration_until)
        return Answer(reason, self.opens, self.closes, self.citation, self.why_closed)

    def _reason(self, now: datetime, registration_until: date | None) -> Reason:
        if self.why_closed is not None:
            return "closed_day"
        if self.starts <= now:
            return "past"
        if registration_until is not None and self.use > registration_until:
            return "registration_expires"
        if self.opens is not None and now < self.opens:
            return "too_early"
        return "too_late" if now >= self.closes else "open"


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
    bounds = bounds_of(windows, use, starts, days, at_counter=at_counter)
    return bounds.answer(now, registration_until)


def bounds_of(
    windows: Sequence[Window], use: date, starts: datetime, days: Days, *, at_counter: bool = False
) -> Bounds:
    """What calendar and windows say of a use, whatever the time is; the latest opening, the earliest end."""
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
    citation = "、".join(dict.fromkeys(c for c in citations if c))
    return Bounds(use, starts, opens, closes, citation, days.facility.why_closed(use))
