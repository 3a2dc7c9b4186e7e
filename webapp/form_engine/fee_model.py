"""How a definition writes money: what a resident pays, or what the city pays out."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from typing import Literal

from pydantic import Field, field_validator, model_validator

from webapp.conditions.model import Condition
from webapp.form_engine.fields import Strict
from webapp.tariff.money import RoundingMode
from webapp.yaml_source import Text


class MonthsBetween(Strict):
    """The months from one month field to another, both included; only or except some months of the year."""

    from_: str = Field(alias="from")
    until: str
    only: list[int] | None = None
    except_: list[int] | None = Field(None, alias="except")


class Quantity(Strict):
    """How many: an answer, the rows of a group, the chosen options, or the months of a stay."""

    field: str | None = None
    rows: str | None = None
    months: MonthsBetween | None = None

    @model_validator(mode="after")
    def _one(self) -> Quantity:
        if len(self.model_fields_set) != 1:
            raise ValueError("a quantity counts exactly one thing | write one of field, rows, months")
        return self


class Band(Strict):
    """One step of a table: up to and including ``up_to`` (the last may leave it out)."""

    up_to: int | float | None = None
    yen: int = Field(ge=0)


class Bands(Strict):
    """A table by a number; a number beyond the last ``up_to`` stops the application."""

    by: Quantity
    table: list[Band] = Field(min_length=1)


class PerChoice(Strict):
    """An amount for each option of a radio or select field."""

    field: str
    yen: dict[str, int | None]


class Share(Strict):
    """A part of an amount that was answered, as an exact fraction."""

    of: str
    rate: str

    @field_validator("rate")
    @classmethod
    def _fraction(cls, value: str) -> str:
        return fraction_text(value)


AMOUNTS = ("yen", "bands", "choice", "share")


class FeeLine(Strict):
    """One line of the bill, with the ordinance it rests on and the days it is valid."""

    key: str
    label: Text
    if_: Condition | None = Field(None, alias="if")
    yen: int | None = Field(None, ge=0)
    bands: Bands | None = None
    choice: PerChoice | None = None
    share: Share | None = None
    quantity: Quantity | None = None
    each: str | None = None
    cap_yen: int | None = Field(None, ge=0)
    citation: str | None = None
    tax: Literal["exempt", "standard", "reduced", "outside"] = "exempt"
    valid_from: date | None = None
    valid_until: date | None = None

    @model_validator(mode="after")
    def _amount(self) -> FeeLine:
        if sum(getattr(self, name) is not None for name in AMOUNTS) != 1:
            raise ValueError(
                f"fee line {self.key!r} needs exactly one amount | write one of yen, bands, choice, share"
            )
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError(
                "valid_from is not before valid_until | valid_until is the first day it no longer holds"
            )
        return self


class Reduction(Strict):
    """A part of some lines that need not be paid; rate 1 is free of charge."""

    key: str
    label: Text
    if_: Condition = Field(alias="if")
    rate: str
    lines: list[str] | None = None
    citation: str | None = None

    @field_validator("rate")
    @classmethod
    def _fraction(cls, value: str) -> str:
        text = fraction_text(value)
        if not 0 < Fraction(text) <= 1:
            raise ValueError(
                f"rate {value!r} is no part of a whole | write for example '1/2', or '1' for free"
            )
        return text


class Rounding(Strict):
    """How broken amounts become yen."""

    mode: RoundingMode = "floor"
    unit: int = Field(1, ge=1)


class FeeRule(Strict):
    """The money of a procedure."""

    when: Literal["at_submission", "after_review", "later"] = "at_submission"
    methods: list[Literal["card", "code", "convenience_store", "bank", "counter", "invoice"]] = ["card"]
    lines: list[FeeLine] = Field(min_length=1)
    reductions: list[Reduction] = []
    cap_yen: int | None = Field(None, ge=0)
    used_before: str | None = None
    rounding: Rounding = Rounding()
    note: Text | None = None
    due: int | None = Field(None, ge=1)


def fraction_text(value: str) -> str:
    """Return ``value`` if it is an exact fraction such as 1/2 or 1; raises ValueError."""
    if not re.fullmatch(r"\d+(/[1-9]\d*)?", value):
        raise ValueError(f"{value!r} is no exact fraction | write for example '1/4'")
    return value
