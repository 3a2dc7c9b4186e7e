"""The city this installation serves: departments, hours, areas, holidays, texts; from CITY_DIR/city.yaml."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from webapp import clock
from webapp.yaml_source import Text, read, validate


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Department(_Part):
    """A department with everything a resident needs to reach it; `tel` and `fax` with hyphens."""

    name: Text
    tel: str
    extension: str | None = None
    fax: str | None = None
    email: str | None = None
    hours: Text | None = None
    address: Text | None = None
    work: Text | None = None
    """What it does, in one line, for the contact page."""


class Area(_Part):
    """A 町名 with its reading; `district` groups areas for choosing."""

    key: str
    name: Text
    kana: str
    postal: str = Field(pattern=r"^\d{7}$")
    district: str


class Banner(_Part):
    """A notice above every page, shown between two instants (both open when missing)."""

    kind: Literal["info", "outage", "disaster"] = "info"
    title: Text
    text: Text
    url: str | None = None
    starts: AwareDatetime | None = None
    ends: AwareDatetime | None = None

    def shows(self, at: datetime) -> bool:
        return (self.starts is None or self.starts <= at) and (self.ends is None or at < self.ends)


class Shelf(_Part):
    """A category or a life scene of the catalogue; `icon` names a symbol of icons.svg."""

    key: str
    name: Text
    text: Text | None = None
    icon: str = "file"


class Topic(_Part):
    """Something residents may subscribe to; `by_area` topics are told per area."""

    key: str
    name: Text
    text: Text | None = None
    by_area: bool = False
    emergency: bool = False


class NotOnline(_Part):
    """A procedure that cannot be done here, and what to do instead."""

    title: Text
    category: str
    reason: Text
    instead: Text
    department: str
    url: str | None = None
    keywords: list[str] = []


class TextPage(_Part):
    """A page of the city's own words: paragraphs under headings."""

    title: Text
    updated: date
    lead: Text | None = None
    sections: list[TextSection]


class TextSection(_Part):
    heading: Text
    text: Text | None = None
    items: list[Text] = []


class Payee(_Part):
    """Who receives money: the city, or a designated manager (利用料金)."""

    name: Text
    registration_number: str | None = None
    """適格請求書発行事業者 登録番号, where registered."""
    tel: str | None = None
    address: Text | None = None


class PaymentRules(_Part):
    """The city's own rules of payment: yen and whole days; the facilities' rules stand in their files."""

    refund_approval_from_yen: int = Field(default=5_000, ge=0)
    """From this sum, counted over all refunds of a charge, a second person approves."""
    pay_within_days: int = Field(default=14, ge=1)
    """Until when a fee that is asked for at submission is to be paid."""
    remind_days_before: int = Field(default=3, ge=1)
    remind_days_after: int = Field(default=1, ge=1)
    lapse_days_after: int | None = Field(default=14, ge=1)
    """How long an overdue fee still stands; then the claim lapses and staff decide. Null: it never does."""

    def lapse_on(self, due_on: date) -> date | None:
        """The last day an overdue fee due on ``due_on`` still stands, or None."""
        return None if self.lapse_days_after is None else due_on + timedelta(days=self.lapse_days_after)


class City(_Part):
    """The whole of city.yaml. `code` is the 6-digit 全国地方公共団体コード."""

    name: Text
    code: str = Field(pattern=r"^\d{6}$")
    prefecture: Text
    sample: bool = False
    office_name: Text
    mayor_title: Text
    postal: str = Field(pattern=r"^\d{7}$")
    address: Text
    tel: str
    hours: Text
    front_desk_key: str = Field(alias="front_desk")
    departments: dict[str, Department]
    districts: list[Shelf] = []
    areas: list[Area]
    holidays: list[date] = []
    """Local closed days beyond weekends, national holidays and the turn of the year."""
    instruction_text: Text
    """教示 for decisions that refuse or limit something."""
    payees: dict[str, Payee]
    payment: PaymentRules = PaymentRules()
    banners: list[Banner] = []
    topics: list[Topic] = []
    categories: list[Shelf]
    life_scenes: list[Shelf]
    popular: list[str] = []
    """Slugs of the procedures shown first on the home page."""
    synonyms: list[list[str]] = []
    """Words that mean the same to people who search."""
    not_online: list[NotOnline] = []
    pages: dict[Literal["privacy", "accessibility", "terms"], TextPage]

    @model_validator(mode="after")
    def _known_departments(self) -> City:
        for key in (self.front_desk_key, *(entry.department for entry in self.not_online)):
            if key not in self.departments:
                known = ", ".join(self.departments)
                raise ValueError(f"department {key!r} is not listed | write one of {known}")
        return self

    @model_validator(mode="after")
    def _known_shelves(self) -> City:
        categories = {shelf.key for shelf in self.categories}
        for entry in self.not_online:
            if entry.category not in categories:
                known = ", ".join(sorted(categories))
                raise ValueError(f"category {entry.category!r} is not listed | write one of {known}")
        districts = {shelf.key for shelf in self.districts}
        for area in self.areas:
            if area.district not in districts:
                wrong = f"district {area.district!r} of {area.key} is not listed"
                raise ValueError(f"{wrong} | add it to districts")
        return self

    @property
    def front_desk(self) -> Department:
        """The department that answers when no other is responsible."""
        return self.departments[self.front_desk_key]

    @property
    def banners_now(self) -> list[Banner]:
        """The banners that show at this moment, the gravest first."""
        order = {"disaster": 0, "outage": 1, "info": 2}
        return sorted((b for b in self.banners if b.shows(clock.now())), key=lambda b: order[b.kind])

    def area(self, key: str) -> Area | None:
        """Return the area of a key."""
        return next((area for area in self.areas if area.key == key), None)

    def category(self, key: str) -> Shelf | None:
        """Return the category of a key."""
        return next((shelf for shelf in self.categories if shelf.key == key), None)

    def life_scene(self, key: str) -> Shelf | None:
        """Return the life scene of a key."""
        return next((shelf for shelf in self.life_scenes if shelf.key == key), None)


def load_city(folder: Path) -> City:
    """Read `folder/city.yaml`. Raises SourceErrors with every mistake and its line."""
    file = (folder / "city.yaml").resolve()
    return _loaded(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _loaded(file: Path, _changed: int) -> City:
    return validate(read(file), City)


TextPage.model_rebuild()
