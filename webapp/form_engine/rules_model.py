"""What a definition says besides its questions: who, when, where to, how long, what follows."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, field_validator, model_validator

from webapp.conditions.dates import DayExpression, Span
from webapp.conditions.model import Channel, Condition
from webapp.form_engine.fields import Strict, clock_time, month_day, plain_key
from webapp.yaml_source import Text

Level = Literal["none", "contact", "account", "card", "signed"]
LEVELS: tuple[Level, ...] = ("none", "contact", "account", "card", "signed")


class IdentityRow(Strict):
    """One line of the table: who asks, through which channel, how strongly it must be proved."""

    who: list[str] | None = None
    channel: list[Channel] | None = None
    level: Level
    accepted: bool = True
    note: Text | None = None


class Identity(Strict):
    """How strongly the sender must be known. ``asked_in`` names the question 「だれが申請しますか」."""

    level: Level
    note: Text | None = None
    asked_in: str | None = None
    table: list[IdentityRow] = []

    @model_validator(mode="after")
    def _who(self) -> Identity:
        if any(row.who for row in self.table) and self.asked_in is None:
            raise ValueError(
                "identity.table has who but asked_in is missing | write asked_in: the question that asks who"
            )
        return self


class Law(Strict):
    """A legal basis."""

    name: str
    article: str | None = None


class Retention(Strict):
    """How long answers are kept after the case is closed, and what happens then."""

    years: int | None = Field(None, ge=0)
    months: int | None = Field(None, ge=1)
    then: Literal["delete", "anonymise"] = "delete"
    refused_years: int | None = Field(None, ge=0)
    withdrawn_days: int = Field(90, ge=1)
    draft_days: int = Field(30, ge=1)

    @model_validator(mode="after")
    def _some_time(self) -> Retention:
        if self.years is None and self.months is None:
            raise ValueError("retention has no length | write years: or months:")
        return self


class Online(Strict):
    """How far one gets without coming: complete, partly, only a booking, not at all."""

    status: Literal["full", "partial", "booking_only", "none"] = "full"
    reason: Text | None = None
    instead: Text | None = None

    @model_validator(mode="after")
    def _reason(self) -> Online:
        if self.status != "full" and (self.reason is None or self.instead is None):
            raise ValueError("not everything can be done online here | write reason: and instead:")
        return self


class Processing(Strict):
    """標準処理期間: business days skip holidays, months do not; pauses during a correction."""

    within: Span | None = None
    starts: Literal["arrival", "next_open_day", "payment"] = "arrival"
    after_payment: Span | None = None
    """How long after the payment the thing asked for is sent."""
    note: Text | None = None


class Period(Strict):
    """Days on which the procedure is open: from a day until a day, or every year. Both days included."""

    from_: date | None = Field(None, alias="from")
    until: date | None = None
    yearly_from: str | None = None
    yearly_until: str | None = None
    closes_at: str = "24:00"
    if_: Condition | None = Field(None, alias="if")
    label: Text | None = None
    late: bool = False

    @field_validator("closes_at")
    @classmethod
    def _time(cls, value: str) -> str:
        return clock_time(value)

    @field_validator("yearly_from", "yearly_until")
    @classmethod
    def _month_day(cls, value: str | None) -> str | None:
        return None if value is None else month_day(value)

    @model_validator(mode="after")
    def _order(self) -> Period:
        if self.from_ and self.until and self.from_ > self.until:
            raise ValueError("the period ends before it begins | swap from and until")
        if (self.yearly_from is None) != (self.yearly_until is None):
            raise ValueError("yearly_from and yearly_until go together | write both")
        if not (self.from_ or self.until or self.yearly_from):
            raise ValueError("the period has no day | write from:, until: or yearly_from: and yearly_until:")
        return self


class Window(Strict):
    """When one may apply; no periods means always."""

    note: Text
    periods: list[Period] = []
    closed: list[Period] = []
    outside: Text | None = None


class StopRule(Strict):
    """It cannot be done online (or not at all): say so early, and say what to do instead."""

    key: str
    if_: Condition = Field(alias="if")
    reason: Text
    instead: Text
    at: str | None = None


class NoticeRule(Strict):
    """Something to know that does not stop anyone."""

    key: str
    if_: Condition | None = Field(None, alias="if")
    text: Text
    at: str | None = None
    tone: Literal["info", "warning"] = "info"


class Route(Strict):
    """Where the case goes: by a condition, or by the words of an address."""

    department: str
    if_: Condition | None = Field(None, alias="if")
    area: str | None = None
    towns: list[str] = []

    @model_validator(mode="after")
    def _one_way(self) -> Route:
        if (self.if_ is None) == (self.area is None):
            raise ValueError(
                "a route needs if or area | write if: (a condition) or area: (an address field) with towns:"
            )
        if (self.area is not None) != bool(self.towns):
            raise ValueError("area and towns go together | list the towns that belong to the department")
        return self


class FollowUp(Strict):
    """A duty that comes after: a report, a renewal; ``decided`` stands for the day of the decision."""

    key: str
    title: Text
    text: Text | None = None
    if_: Condition | None = Field(None, alias="if")
    due: DayExpression
    remind: Span | None = None
    procedure: str | None = None


class Registration(Strict):
    """What an accepted application makes its applicant: conditions ask for ``person: registered``."""

    key: str
    label: Text
    if_: Condition | None = Field(None, alias="if")

    @field_validator("key")
    @classmethod
    def _plain_key(cls, key: str) -> str:
        return plain_key(key)


class Budget(Strict):
    """What the city can pay in one 年度; an application beyond what is left is not taken any more."""

    yen: int = Field(ge=1)
    reason: Text | None = None
    instead: Text


class Need(Strict):
    """Something to have at hand before one starts, or to bring."""

    text: Text
    if_: Condition | None = Field(None, alias="if")
    bring: bool = False


class Once(Strict):
    """Applying again for the same thing warns: the answers that make it 「同じもの」."""

    same: list[str] = Field(min_length=1)
    within: Span | None = None
