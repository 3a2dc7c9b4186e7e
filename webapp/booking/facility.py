"""A facility file: rooms and their atomic cells, hours, tariffs, rules, worked cases."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, model_validator

from webapp.booking.rules import (
    Cancellation,
    ClosedRule,
    Limits,
    PaymentRule,
    Question,
    Sessions,
    Time,
    Window,
)
from webapp.booking.times import DAY_MINUTES, minutes
from webapp.calendar.business import BusinessCalendar, city_hall
from webapp.form_engine.load import Library
from webapp.tariff.prices import NoPrice
from webapp.tariff.quote import table_for
from webapp.tariff.table import Strict, Table
from webapp.yaml_source import Text


class SourceRef(Strict):
    url: str | None = None
    note: str | None = None


class Band(Strict):
    """A period of the day (区分). `covers` names the single bands of a longer printed one."""

    key: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    """Stands in addresses as it is."""
    name: Text
    start: Time
    end: Time
    covers: list[str] = []
    assumed: bool = False

    @cached_property
    def begins(self) -> int:
        return minutes(self.start)

    @cached_property
    def ends(self) -> int:
        """After midnight an end before the start lies on the next day."""
        end = minutes(self.end)
        return end if end > self.begins else end + DAY_MINUTES


class Room(Strict):
    """Something bookable. Rooms that share a cell exclude one another (全面 and 半面)."""

    key: str
    name: Text
    cells: list[str] = []
    capacity: int | None = None
    bands: str | None = None
    sessions: Sessions | None = None
    step_minutes: int = 60
    buffer_minutes: int = 0
    purposes: list[str] = []
    features: list[str] = []
    approval: bool | None = None
    min_persons: int | None = None
    max_hours: int | None = None
    part_of: str | None = None
    by_area: bool = False
    note: Text | None = None
    form: str | None = None

    @cached_property
    def atoms(self) -> tuple[str, ...]:
        return tuple(sorted(self.cells or [self.key]))

    @property
    def mode(self) -> Literal["bands", "hours", "sessions"]:
        if self.sessions is not None:
            return "sessions"
        return "bands" if self.bands is not None else "hours"


class Opening(Strict):
    start: Time
    end: Time
    assumed: bool = False


class Operator(Strict):
    """Who runs it: the city, or a designated manager (指定管理者) whose income the fee is."""

    key: str = "city"
    name: Text


class Worked(Strict):
    """A worked example. Exactly one kind of question; `expect` is what must come out."""

    name: str
    kind: Literal[
        "quote",
        "window",
        "may_apply",
        "open",
        "refund",
        "limit",
        "capacity",
        "due",
        "start",
        "session",
        "reading",
    ]
    given: dict[str, Any] = {}
    expect: Any = None
    status: Literal["computed", "product_expectation", "ambiguous"] = "computed"
    source: str | None = None
    """Which collected case of `source_case` it is: "f07 #2"."""
    reading: str | None = None


class Facility(Strict):
    """One facility (施設)."""

    slug: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: Text
    municipality: str
    kind: Text
    summary: Text | None = None
    area: Text = Text(ja="中央", easy="中央（ちゅうおう）", en="Centre")
    latitude: float | None = None
    longitude: float | None = None
    department: str = "culture"
    operator: Operator
    source_case: list[str] = []
    sources: list[SourceRef] = []
    effective: str | None = None
    sample: bool = True
    opening: Opening | None = None
    closed: ClosedRule = ClosedRule()
    bands: dict[str, list[Band]] = {}
    rooms: list[Room]
    purposes: dict[str, Text] = {}
    questions: list[Question] = []
    form: str | None = None
    """The definition (`questions/<slug>/form.yaml`) whose questions a booking is asked; a room's own wins."""
    tariffs: list[Table] = []
    fees_unknown: Text | None = None
    windows: list[Window] = []
    limits: Limits = Limits()
    payment: PaymentRule = PaymentRule()
    cancellation: list[Cancellation] = []
    approval: bool = False
    hold_minutes: int = 15
    conditions: list[Text] = []
    not_known: list[str] = []
    cases: list[Worked] = []

    @model_validator(mode="after")
    def _keys_are_unique(self) -> "Facility":
        keys = [room.key for room in self.rooms]
        double = {key for key in keys if keys.count(key) > 1}
        if double:
            raise ValueError(f"room key {sorted(double)[0]!r} stands twice | give each room its own key")
        return self

    def room(self, key: str) -> Room:
        """Raises KeyError."""
        return self._rooms[key]

    def band_set(self, room: Room) -> list[Band]:
        return self.bands.get(room.bands, []) if room.bands else []

    def single_bands(self, room: Room) -> list[Band]:
        """The bands that cover no others, in the order of the day."""
        return self._single_bands.get(room.bands, []) if room.bands else []

    def calendar(self, local: frozenset[date] = frozenset()) -> BusinessCalendar:
        return self.closed.calendar(local)

    def table_on(self, room: Room, day: date) -> Table | None:
        """The fee table that prices a room on a day of use; None where none does."""
        try:
            return table_for(self.tariffs, room.key, day)
        except NoPrice:
            return None

    def needs_approval(self, room: Room) -> bool:
        return self.approval if room.approval is None else room.approval

    def form_of(self, room: Room) -> str | None:
        """The definition whose questions a booking of the room is asked."""
        return room.form or self.form

    @cached_property
    def _rooms(self) -> dict[str, Room]:
        return {room.key: room for room in self.rooms}

    @cached_property
    def _single_bands(self) -> dict[str, list[Band]]:
        return {
            key: sorted((band for band in bands if not band.covers), key=lambda band: band.begins)
            for key, bands in self.bands.items()
        }

    @cached_property
    def worked_out(self) -> dict[Any, Any]:
        """What is worked out of this definition once and kept with it: a definition never changes."""
        return {}

    @property
    def cells(self) -> list[str]:
        return sorted({atom for room in self.rooms for atom in room.atoms})


@dataclass(frozen=True)
class Facilities:
    """All facilities of the city, with the city's own closed days."""

    by_slug: Mapping[str, Facility] = field(default_factory=dict)
    local_holidays: frozenset[date] = frozenset()
    forms: Library = field(default_factory=lambda: Library({}))
    """The definitions whose questions bookings are asked, by slug."""

    def get(self, slug: str) -> Facility | None:
        return self.by_slug.get(slug)

    def __iter__(self) -> Any:
        return iter(self.by_slug.values())

    def __len__(self) -> int:
        return len(self.by_slug)

    def calendar(self, facility: Facility) -> BusinessCalendar:
        """The facility's open days, with the city's local holidays; made once."""
        known = self._calendars.get(facility.slug)
        if known is None:
            known = self._calendars[facility.slug] = facility.calendar(self.local_holidays)
        return known

    @cached_property
    def _calendars(self) -> dict[str, BusinessCalendar]:
        return {}

    @cached_property
    def worked_out(self) -> dict[Any, Any]:
        """What is worked out of the definitions and the city's closed days together, and kept with them."""
        return {}

    @cached_property
    def hall_calendar(self) -> BusinessCalendar:
        return city_hall(self.local_holidays)
