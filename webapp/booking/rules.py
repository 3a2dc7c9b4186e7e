"""The language of booking rules in a facility file: moments, windows, limits, payment, cancellation."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from webapp.booking.times import minutes
from webapp.calendar.business import BusinessCalendar, days_between
from webapp.calendar.months import MissingDay
from webapp.ports.payment import Method
from webapp.tariff.facts import When
from webapp.tariff.money import RoundingMode
from webapp.tariff.table import WEEKDAYS, Season, Share, Strict, Weekday
from webapp.yaml_source import Text


def _is_time(text: str) -> str:
    minutes(text)
    return text


Time = Annotated[str, AfterValidator(_is_time)]


class ClosedRule(Strict):
    """休館日. See BusinessCalendar for what `if_holiday` means."""

    weekdays: list[Weekday] = []
    nth: list[tuple[int, Weekday]] = []
    if_holiday: Literal["closed", "open", "next_day", "next_weekday"] = "closed"
    holidays: bool = False
    year_end: bool = True
    dates: list[date] = []
    periods: list[Season] = []
    open_dates: list[date] = []
    citation: str | None = None

    def calendar(self, local: frozenset[date] = frozenset()) -> BusinessCalendar:
        return BusinessCalendar(
            weekdays=frozenset(WEEKDAYS.index(day) for day in self.weekdays),
            nth_weekdays=frozenset((nth, WEEKDAYS.index(day)) for nth, day in self.nth),
            if_holiday=self.if_holiday,
            close_on_holidays=self.holidays,
            year_end=((12, 29), (1, 3)) if self.year_end else None,
            closed=frozenset(self.dates) | local | self._period_days(),
            opened=frozenset(self.open_dates),
        )

    def _period_days(self) -> frozenset[date]:
        if not self.periods:
            return frozenset()
        first, last = (date(year, 1, 1) for year in PERIOD_YEARS)
        return frozenset(d for d in days_between(first, last) if any(p.covers(d) for p in self.periods))


PERIOD_YEARS = (2020, 2041)


class Moment(Strict):
    """A minute counted from the day of use: 「2か月前の月の1日 9:00」, 「20日前まで」, 「7営業日前」."""

    months_before: int | None = None
    day: int | None = None
    days_before: int | None = None
    business_days_before: int | None = None
    hours_before: int | None = None
    fixed: date | None = None
    at: Time | None = None
    if_closed: Literal["keep", "next", "previous"] = "keep"
    closed_means: Literal["facility", "city_hall"] = "facility"
    missing: MissingDay = "last_day"
    eve: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> "Moment":
        ways = (
            self.months_before,
            self.days_before,
            self.business_days_before,
            self.hours_before,
            self.fixed,
        )
        if sum(way is not None for way in ways) != 1:
            raise ValueError(
                "a moment counts in one unit | write one of months_before:, days_before:, "
                "business_days_before:, hours_before:, fixed:"
            )
        if self.day is not None and self.months_before is None:
            raise ValueError("day: needs months_before: | write both, or leave day: out")
        return self


class Window(Strict):
    """From when to when a use may be applied for. The first window that fits is used."""

    rooms: list[str] = []
    when: When | list[When] = {}
    opens: Moment | None = None
    closes: Moment | None = None
    counter_opens: Moment | None = None
    label: Text | None = None
    citation: str | None = None


class Limits(Strict):
    """How much one person or group may take."""

    per_month: int | None = None
    bands_per_month: int | None = None
    active: int | None = None
    max_consecutive_days: int | None = None
    weekly_series: bool = True
    max_hours: int | None = None
    min_persons: int | None = None
    cancellations: int | None = None
    cancellations_days: int = 30
    citation: str | None = None


class Invoice(Strict):
    """Who pays by invoice after the use (後納), as its registration proves, and within how many days."""

    who: Text
    when: When | list[When] = Field(min_length=1)
    days_after_use: int = Field(ge=0)
    citation: str | None = None


class PaymentRule(Strict):
    """How and until when is paid. The earliest of the due moments counts; unpaid bookings lapse after it.

    `methods` are those the hall takes, all of the city's where it names none.
    """

    days_after: int | None = None
    before_use: Moment | None = None
    if_closed: Literal["keep", "next", "previous"] = "keep"
    lapse: bool = True
    prepaid: bool = True
    payee: str = "city"
    collector: Text | None = None
    methods: list[Method] | None = None
    invoice: Invoice | None = None
    citation: str | None = None


class Tier(Strict):
    """Cancelled until then: this share of the fee is paid back."""

    until: Moment
    refund: Share


class Cancellation(Strict):
    """The refund rule. Tiers stand from the earliest moment to the latest; after the last nothing is paid.

    `change_refund` is the share of a price that a change lowers; without it the tier of that moment counts.
    """

    rooms: list[str] = []
    method: Literal["any", "cash", "debit"] = "any"
    tiers: list[Tier] = []
    online_until: Moment | None = None
    change_until: Moment | None = None
    changes: int | None = None
    change_refund: Share | None = None
    not_our_fault: Share | None = None
    fee_rounding: RoundingMode = "floor"
    fee_unit: int = 1
    citation: str | None = None


class Question(Strict):
    """Something the price or a window depends on and only the person booking knows."""

    key: str
    label: Text
    hint: Text | None = None
    kind: Literal["yes_no", "yen", "choice"] = "yes_no"
    choices: dict[str, Text] = {}
    rooms: list[str] = []


class Sessions(Strict):
    """Head-count sessions: every `minutes` from the first to the last start, `cap` people each."""

    first: Time
    last: Time
    minutes: int = Field(gt=0)
    cap: int = Field(gt=0)
    assumed: bool = False
