"""The scope conditions are evaluated in: visible answers, the day, the person, the channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from webapp.calendar.business import BusinessCalendar
from webapp.calendar.months import age_on
from webapp.conditions.compile import Test
from webapp.form_engine.outcome import Context, Person


class Situation:
    """Implements ``conditions.compile.Scope``; answers are added while pages are walked in order."""

    __slots__ = ("_fee", "_shared", "answers", "calendar", "channel", "context", "now", "today")

    def __init__(self, context: Context, shared: Mapping[str, Test]) -> None:
        self.context = context
        self.today: date = context.today
        self.now: datetime = context.now
        self.channel = context.channel
        self.calendar: BusinessCalendar = context.calendar
        self.answers: dict[str, Any] = {}
        self._shared = shared
        self._fee: Callable[[], int | None] | None = None

    def fact(self, name: str) -> Any:
        """A property of the person signed in; None where nobody is or it is not known."""
        person: Person | None = self.context.person
        if name == "level":
            return person.level if person else "none"
        if person is None:
            return None
        if name == "age":
            return age_on(person.birth, self.today) if person.birth else None
        if name == "is_resident":
            return person.is_resident_of_city
        if name == "registered":
            return person.registered
        return person.acts_for if name == "acts_for" else person.kind

    def shared(self, name: str) -> bool:
        """A condition written once under ``conditions:``."""
        return self._shared[name](self, ())

    def fee_total(self) -> int | None:
        """The fee so far; known once all pages are walked."""
        return self._fee() if self._fee else None

    def when_asked_for_fee(self, fee: Callable[[], int | None]) -> None:
        """Say how the fee is found."""
        self._fee = fee
