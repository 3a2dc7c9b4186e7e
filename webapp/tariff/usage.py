"""What is used, when and by whom: the question a quote answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import ceil
from types import MappingProxyType

from webapp.calendar.holidays import is_national_holiday
from webapp.tariff.facts import Fact, Facts
from webapp.tariff.table import WEEKDAYS, DayType, Table
from webapp.yaml_source import Text

NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True)
class Usage:
    """One use of one room on one day.

    `bands` are the single bands taken, `combined` maps printed longer bands to the single ones they cover,
    `band_labels` names them. `facts`: ticket (highest ticket price in yen, 0 = none), resident, commercial,
    purpose, and whatever else the table's conditions name. `base_yen` replaces the printed price.
    """

    room: str
    day: date
    bands: tuple[str, ...] = ()
    hours: Fraction = Fraction(0)
    persons: int = 0
    sqm: Fraction = Fraction(0)
    count: int = 1
    overtime_hours: Fraction = Fraction(0)
    extras: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    facts: Facts = field(default_factory=lambda: MappingProxyType({}))
    combined: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    band_labels: Mapping[str, Text] = field(default_factory=lambda: MappingProxyType({}))
    exemption: str | None = None
    exemption_share: Fraction | None = None
    decided: Mapping[str, Fraction] = field(default_factory=lambda: MappingProxyType({}))
    base_yen: int | None = None

    def facts_under(self, table: Table) -> dict[str, Fact]:
        """The facts, completed with `day` (the table's kind of day) and `month`."""
        known: dict[str, Fact] = {"ticket": 0, "resident": True, "commercial": False, "persons": self.persons}
        known.update(self.facts)
        known.setdefault("day", day_type(self.day, table.days, table.otherwise))
        known.setdefault("month", self.day.month)
        return known

    def full_hours(self, table: Table) -> Fraction:
        return Fraction(ceil(self.hours)) if table.part_hour == "up" else self.hours

    def full_sqm(self, table: Table) -> Fraction:
        return Fraction(ceil(self.sqm)) if table.part_sqm == "up" else self.sqm


def day_type(day: date, types: list[DayType], otherwise: str) -> str:
    """The kind of day by the table's own definition (土日祝, 火–金で休日を除く …)."""
    holiday = is_national_holiday(day)
    for kind in types:
        if kind.holidays is True and holiday:
            return kind.key
        if WEEKDAYS[day.weekday()] in kind.weekdays and not (kind.holidays is False and holiday):
            return kind.key
    return otherwise
