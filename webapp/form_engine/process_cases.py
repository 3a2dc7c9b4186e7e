"""Worked cases of the process: what is sent, decided and fetched in turn, and how the office then stands.

``applications.process_cases`` plays them through the real services on an empty database.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from webapp.conditions.model import Channel
from webapp.form_engine.fields import Strict
from webapp.form_engine.outcome import Person
from webapp.form_engine.rules_model import Level

TOKYO = ZoneInfo("Asia/Tokyo")


def in_tokyo(at: datetime) -> datetime:
    """The moment on the wall clock of Asia/Tokyo; one without a zone is meant there."""
    return at.replace(tzinfo=TOKYO) if at.tzinfo is None else at.astimezone(TOKYO)


class GivenPerson(Strict):
    """Who is signed in, in a case."""

    level: Level = "none"
    name: str | None = None
    name_kana: str | None = None
    birth: date | None = None
    address: dict[str, str] | None = None
    tel: str | None = None
    email: str | None = None
    is_resident_of_city: bool | None = None
    kind: Literal["person", "group"] = "person"
    acts_for: str | None = None
    registered: frozenset[str] = frozenset()
    sources: dict[str, str] = {}

    def known(self) -> Person:
        """The same person as the engine knows one."""
        return Person(**self.model_dump())


class ProcessStep(Strict):
    """One thing that happens ``at`` a moment: ``send`` a case of that name, ``decide`` it, or ``fetch``.

    ``send`` may be stopped (``stopped_by``) and may come ``times`` over. ``fetch`` issues a document on
    the case and opens it ``times`` with reference number and password only.
    """

    at: datetime
    send: str | None = None
    decide: str | None = None
    fetch: str | None = None
    of: list[str] = []
    procedure: str | None = None
    channel: Channel = "web"
    person: GivenPerson | None = None
    resident: str | None = None
    answers: dict[str, Any] = {}
    without: list[str] = []
    times: int = Field(1, ge=1, le=500)
    stopped_by: list[str] = []
    reasons: str = ""
    message: str = ""

    @field_validator("at")
    @classmethod
    def _tokyo(cls, at: datetime) -> datetime:
        return in_tokyo(at)

    @model_validator(mode="after")
    def _one_thing(self) -> ProcessStep:
        if sum(name is not None for name in (self.send, self.decide, self.fetch)) != 1:
            raise ValueError("a step is one thing | write one of send:, decide: or fetch:")
        if (self.decide is not None) != bool(self.of):
            raise ValueError("decide needs the cases it is about, and only decide does | write of: [name]")
        return self


class ProcessExpected(Strict):
    """How the office stands at the end; a key that is not written is not looked at."""

    status: dict[str, str] = {}
    same_as: dict[str, list[str]] = {}
    arrived: dict[int, int] = {}
    handled: dict[int, int] = {}
    running_total: dict[int, int] = {}
    left_yen: int | None = None
    fetched: dict[str, int] = {}
    registered: dict[str, list[str]] = {}


class WorkedProcess(Strict):
    """One example of a process."""

    name: str
    source: str | None = None
    steps: list[ProcessStep] = Field(min_length=1)
    expect: ProcessExpected
