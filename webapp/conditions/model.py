"""What a condition may say: one subject and one comparison, or all / any / not of conditions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, Field, model_validator

from webapp.conditions.dates import STRICT, DayExpression, MovedDay, _check_day_text

Scalar = bool | int | float | str
Fact = Literal["level", "is_resident", "age", "kind", "acts_for", "registered"]
Channel = Literal["web", "counter", "paper", "phone", "line"]

GROUPS = ("all", "any", "not_", "shared", "channel")
SUBJECTS = ("field", "person", "date", "age", "count", "sum", "fee")
COMPARISONS = (
    "is_", "is_not", "in_", "not_in", "includes", "answered", "same_as",
    "at_least", "at_most", "more_than", "less_than",
    "before", "after", "on_or_before", "on_or_after", "open_day",
)  # fmt: skip
NUMERIC = ("at_least", "at_most", "more_than", "less_than")
DAYS = ("before", "after", "on_or_before", "on_or_after")


class Condition(BaseModel):
    """True or false for a set of answers. A question that is not answered makes its comparison false."""

    model_config = STRICT

    all: list[Condition] | None = Field(None, min_length=1)
    any: list[Condition] | None = Field(None, min_length=1)
    not_: Condition | None = Field(None, alias="not")
    shared: str | None = None
    channel: list[Channel] | None = None

    field: str | None = None
    person: Fact | None = None
    date: DayExpression | None = None
    age: str | None = None
    count: str | None = None
    sum: str | None = None
    fee: Literal["total"] | None = None

    on: DayExpression | None = None
    counted: Literal["birthday", "eve"] | None = None
    where: Condition | None = None
    by: str | None = None

    is_: Scalar | None = Field(None, alias="is")
    is_not: Scalar | None = None
    in_: list[Scalar] | None = Field(None, alias="in", min_length=1)
    not_in: list[Scalar] | None = Field(None, min_length=1)
    includes: str | None = None
    answered: bool | None = None
    same_as: str | None = None
    at_least: int | float | None = None
    at_most: int | float | None = None
    more_than: int | float | None = None
    less_than: int | float | None = None
    before: DayExpression | None = None
    after: DayExpression | None = None
    on_or_before: DayExpression | None = None
    on_or_after: DayExpression | None = None
    open_day: bool | None = None

    @model_validator(mode="after")
    def _whole(self) -> Condition:
        given = self.model_fields_set
        groups = [name for name in GROUPS if name in given]
        subjects = [name for name in SUBJECTS if name in given]
        comparisons = [name for name in COMPARISONS if name in given]
        if len(groups) + len(subjects) != 1:
            raise ValueError(
                "a condition asks about exactly one thing"
                " | write one of field, person, date, age, count, sum, fee, channel, all, any, not"
            )
        if groups:
            if len(given) > 1:
                raise ValueError(
                    f"{groups[0].strip('_')} stands alone | move the other keys to a condition of their own"
                )
            return self
        if len(comparisons) != 1:
            raise ValueError(
                "a condition needs exactly one comparison"
                " | write one of is, is_not, in, includes, answered, at_least, at_most, before, after, …"
            )
        self._check_fit(subjects[0], comparisons[0])
        for name in ("date", "on", *DAYS):
            if isinstance(value := getattr(self, name), str):
                _check_day_text(value)
        return self

    def _check_fit(self, subject: str, comparison: str) -> None:
        if subject in ("age", "count", "sum", "fee") and comparison not in (*NUMERIC, "is_", "in_"):
            raise ValueError(
                f"{subject} is a number | compare it with at_least, at_most, more_than, less_than or is"
            )
        if subject == "date" and comparison not in (*DAYS, "open_day"):
            raise ValueError(
                "date is a day | compare it with before, after, on_or_before, on_or_after or open_day"
            )
        for name, owner in (("on", "age"), ("counted", "age"), ("where", "count"), ("by", "sum")):
            if name in self.model_fields_set and subject != owner:
                raise ValueError(f"{name!r} belongs to {owner} | remove it, or ask about {owner}")
        if subject == "sum" and (not self.sum or "." not in self.sum):
            raise ValueError("sum adds one column of a group | write for example sum: items.count")

    @property
    def comparison(self) -> str:
        """The name of the comparison used."""
        return next(name for name in COMPARISONS if name in self.model_fields_set)

    def walk(self) -> Iterator[Condition]:
        """Yield this condition and all below it."""
        yield self
        for below in (*(self.all or ()), *(self.any or ()), self.not_, self.where):
            if below is not None:
                yield from below.walk()

    def days(self) -> Iterator[str | MovedDay]:
        """Yield the days this condition itself mentions."""
        for name in ("date", "on", *DAYS):
            if (value := getattr(self, name)) is not None:
                yield value
