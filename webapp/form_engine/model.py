"""A procedure as data: the one description that screens, staff, PDF, CSV and tests read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator

from webapp.conditions.model import Condition
from webapp.form_engine.fee_model import FeeRule
from webapp.form_engine.fields import AnyField, Check, File, Strict, plain_key, walk_fields
from webapp.form_engine.rules_model import (
    Budget,
    FollowUp,
    Identity,
    Law,
    Need,
    NoticeRule,
    Once,
    Online,
    Processing,
    Registration,
    Retention,
    Route,
    StopRule,
    Window,
)
from webapp.yaml_source import Text

Kind = Literal["application", "notification", "report", "request", "booking"]
KINDS: dict[str, str] = {
    "application": "申請",
    "notification": "届出",
    "report": "通報",
    "request": "相談・申込",
    "booking": "予約",
}


class Page(Strict):
    """One topic: a heading and a few questions."""

    key: str
    title: Text
    lead: Text | None = None
    show_if: Condition | None = None
    fields: list[AnyField] = Field(min_length=1)

    @field_validator("key")
    @classmethod
    def _plain_key(cls, key: str) -> str:
        return plain_key(key)


class Definition(Strict):
    """A procedure. See forms/README.md for every key."""

    form: Literal[1]
    slug: str
    kind: Kind
    title: Text
    summary: Text
    category: str
    life_scenes: list[str] = []
    keywords: list[str] = []
    department: str
    sample: bool = False
    source_case: str | None = None
    choices_made: list[str] = []

    law: list[Law] = Field(min_length=1)
    purpose_of_use: Text
    retention: Retention | None = None
    identity: Identity
    who: Text
    online: Online = Online()
    minutes: int = Field(10, ge=1, le=240)
    needs: list[Need] = []
    window: Window | None = None
    processing: Processing = Processing()
    delivery: Text | None = None
    declaration: Text
    once: Once | None = None
    readings: dict[str, str] = {}

    conditions: dict[str, Condition] = {}
    pages: list[Page] = Field(min_length=1)
    checks: list[Check] = []
    stops: list[StopRule] = []
    notices: list[NoticeRule] = []
    fee: FeeRule | None = None
    benefit: FeeRule | None = None
    budget: Budget | None = None
    routing: list[Route] = []
    follow_ups: list[FollowUp] = []
    registrations: list[Registration] = []

    _compiled: Any = PrivateAttr(default=None)

    @field_validator("slug")
    @classmethod
    def _plain_slug(cls, slug: str) -> str:
        if not slug or slug.strip("abcdefghijklmnopqrstuvwxyz0123456789-"):
            raise ValueError(f"slug {slug!r} stands in web addresses | use small letters, digits and -")
        return slug

    @model_validator(mode="after")
    def _once_each(self) -> Definition:
        seen: set[str] = set()
        for page in self.pages:
            for key in (page.key, *(f.key for f in page.fields)):
                if key in seen:
                    raise ValueError(f"key {key!r} stands twice | give each page and field a key of its own")
                seen.add(key)
        if self.budget is not None and self.benefit is None:
            raise ValueError("budget limits nothing without a benefit | write benefit:, or remove budget:")
        return self

    @cached_property
    def version(self) -> str:
        """The content hash: the same definition has the same version everywhere."""
        text = json.dumps(self.to_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def to_json(self) -> dict[str, Any]:
        """Return the whole definition as plain JSON data; ``from_json`` brings it back."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Definition:
        """Read what ``to_json`` wrote."""
        return cls.model_validate(data)

    def walk(self) -> Iterator[tuple[str, AnyField]]:
        """Yield every field with its plain path, group columns as ``household.name``."""
        for page in self.pages:
            yield from walk_fields(page.fields)

    @cached_property
    def fields(self) -> dict[str, AnyField]:
        """Every field by plain path."""
        return dict(self.walk())

    @cached_property
    def page_of(self) -> dict[str, Page]:
        """The page of each top-level field."""
        return {field.key: page for page in self.pages for field in page.fields}

    @property
    def attachments(self) -> list[tuple[str, File]]:
        """Every file question with its plain path."""
        return [(path, field) for path, field in self.walk() if isinstance(field, File)]
