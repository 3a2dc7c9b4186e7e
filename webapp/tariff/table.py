"""The language of fee tables: what `tariffs:` in a facility file may say."""

import hashlib
import json
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from webapp.tariff.facts import When
from webapp.tariff.lines import LineClass, TaxClass
from webapp.tariff.money import Rounding, RoundingMode, fraction
from webapp.yaml_source import Text

Rate = Annotated[Fraction, BeforeValidator(fraction)]


def _is_share(value: Fraction) -> Fraction:
    if not 0 <= value <= 1:
        raise ValueError('no share of a whole | write something from 0 to 1, as "1/2" or "50%"')
    return value


Share = Annotated[Fraction, BeforeValidator(fraction), AfterValidator(_is_share)]
"""A part of an amount that is given back or not asked for."""


def _is_month_and_day(text: str) -> str:
    try:
        date.fromisoformat(f"2024-{text}")
    except ValueError:
        raise ValueError(f'{text!r} is no day of the year | write it as "04-01"') from None
    return text


MonthDay = Annotated[str, AfterValidator(_is_month_and_day)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Stage = Literal["line", "adjusted", "exempted", "total"]
Per = Literal["band", "hour", "use", "day", "night", "person", "person_hour", "sqm_hour", "sqm_day", "sheet"]
PER_LABEL: dict[Per, str] = {
    "band": "区分",
    "hour": "時間",
    "use": "回",
    "day": "日",
    "night": "泊",
    "person": "人",
    "person_hour": "人・時間",
    "sqm_hour": "㎡・時間",
    "sqm_day": "㎡・日",
    "sheet": "綴",
}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DayType(Strict):
    """A kind of day; the first that fits names the fact `day`."""

    key: str
    weekdays: list[Weekday] = []
    holidays: bool | None = None


class Season(Strict):
    """Month and day, both inclusive; may run over the new year."""

    start: MonthDay = Field(alias="from")
    end: MonthDay = Field(alias="to")
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def covers(self, day: date) -> bool:
        key = f"{day:%m-%d}"
        if self.start <= self.end:
            return self.start <= key <= self.end
        return key >= self.start or key <= self.end


class FirstBlock(Strict):
    """「2時間まで720円」: a price for the first hours, the row's own price for each further hour."""

    hours: int
    yen: int


class PriceRow(Strict):
    """Printed figures for some rooms under some conditions. The first row that fits is used."""

    rooms: list[str]
    per: Per = "band"
    when: When | list[When] = {}
    season: Season | None = None
    yen: int | dict[str, int | None] | None = None
    first: FirstBlock | None = None
    derived: dict[str, tuple[str, Rate]] = {}
    overtime_yen: int | None = None
    label: Text | None = None
    as_printed: bool = False
    note: str | None = None


class Adjustment(Strict):
    """A surcharge or reduction. `factor` multiplies, `add` adds to one; both null: somebody decides."""

    key: str
    label: Text
    when: When | list[When]
    factor: Rate | None = None
    add: Rate | None = None
    at_most: Rate | None = None
    decided_by: str | None = None
    on_base: bool = False
    group: str | None = None
    rooms: list[str] = []
    except_rooms: list[str] = []
    classes: list[LineClass] = ["room"]
    citation: str | None = None

    @property
    def multiplier(self) -> Fraction | None:
        if self.factor is not None:
            return self.factor
        return None if self.add is None else 1 + self.add

    @model_validator(mode="after")
    def _one_way(self) -> "Adjustment":
        if self.factor is not None and self.add is not None:
            raise ValueError("factor and add together | write only one of them")
        if self.multiplier is None and self.decided_by is None:
            raise ValueError("no rate | write factor:, add: or decided_by:")
        return self

    def concerns(self, room: str, line_class: str) -> bool:
        fits = not self.rooms or room in self.rooms
        return fits and room not in self.except_rooms and line_class in self.classes


class ExtraPrice(Strict):
    rooms: list[str] = []
    when: When | list[When] = {}
    yen: int | dict[str, int] | None = None
    share_of_room: Rate | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "ExtraPrice":
        if (self.yen is None) == (self.share_of_room is None):
            raise ValueError("an extra needs a price | write exactly one of yen: and share_of_room:")
        return self


class Extra(Strict):
    """Equipment, heating and cooling, light, sundries. The first price whose rooms fit is used."""

    key: str
    label: Text
    line_class: LineClass = Field(default="equipment", alias="class")
    per: Literal["band", "hour", "use", "block", "day", "person"] = "use"
    block_hours: int | None = None
    prices: list[ExtraPrice]
    season: Season | None = None
    automatic: bool = False
    stock: int | None = None
    citation: str | None = None
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Overtime(Strict):
    """Time beyond the band: per started hour, from the row's overtime_yen or a share of the room price."""

    share: Rate | None = None
    max_hours: int | None = None
    citation: str | None = None


class Exemption(Strict):
    """Who pays less. Shares per class of line; null shares: staff decide the amount."""

    key: str
    label: Text
    shares: dict[LineClass, Share] | None = None
    when: When | list[When] = {}
    automatic: bool = False
    citation: str | None = None


class RoundingRule(Strict):
    mode: RoundingMode
    unit: int
    stage: Stage
    classes: list[LineClass] = []
    citation: str | None = None

    @property
    def rounding(self) -> Rounding:
        return Rounding(self.mode, self.unit)


class Printed(Strict):
    """Another printed table: an oracle that the check compares with what the engine computes."""

    rooms: list[str]
    facts: dict[str, str | int | bool] = {}
    date: date
    yen: dict[str, int]
    source: str = ""


class Table(Strict):
    """One dated, cited fee table (別表)."""

    key: str
    title: Text
    citation: str = Field(min_length=1)
    source: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    days: list[DayType] = []
    otherwise: str = "weekday"
    part_hour: Literal["up", "exact"] = "up"
    part_sqm: Literal["up", "exact"] = "up"
    combined: Literal["printed_then_sum", "printed_only"] = "printed_then_sum"
    combination: Literal["sum", "product", "highest"] = "sum"
    rounding: list[RoundingRule] = []
    rows: list[PriceRow]
    adjustments: list[Adjustment] = []
    extras: list[Extra] = []
    overtime: Overtime | None = None
    exemptions: list[Exemption] = []
    exemption_barred_when: When | list[When] | None = None
    tax_class: TaxClass = "standard"
    printed: list[Printed] = []
    readings: list[str] = []

    @cached_property
    def version(self) -> str:
        """A hash of the whole table: the same figures and words give the same version."""
        text = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def valid_on(self, day: date) -> bool:
        after = self.valid_from is None or self.valid_from <= day
        return after and (self.valid_to is None or day <= self.valid_to)
