"""Invented subscribers of the sample city (CITY_DIR/subscribers.yaml), for counts that are not nought."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.city import City
from webapp.identity.models import Resident
from webapp.messaging import linking, topics
from webapp.messaging.topic_models import Subscription
from webapp.messaging.topics import Choice, Owner
from webapp.yaml_source import Lang, read, validate


class Subscriber(BaseModel):
    """One person: on a LINE account without a link, or by mail as a registered resident."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    line: str = ""
    mail: str = ""
    name: str = ""
    lang: Lang = "ja"
    garbage: list[str] = []
    disaster: list[str] = []
    water: list[str] = []
    children: list[str] = []
    """Birth months, ``YYYY-MM``."""
    topics: list[str] = []

    @model_validator(mode="after")
    def _one_way(self) -> Subscriber:
        if bool(self.line) == bool(self.mail):
            raise ValueError("a subscriber is told by LINE or by mail | write line or mail")
        return self

    def choices(self) -> Iterator[Choice]:
        """Return the wishes."""
        for topic in ("garbage", "disaster", "water"):
            yield from (Choice(topic, area) for area in getattr(self, topic))
        yield from (Choice("children", birth_month=month) for month in self.children)
        yield from (Choice(topic) for topic in self.topics)


class Subscribers(BaseModel):
    """The whole of subscribers.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subscribers: list[Subscriber] = []


def load(session: Session, folder: Path, city: City) -> int:
    """Make them unless somebody has subscribed already; returns how many. Raises SourceErrors."""
    path = folder / "subscribers.yaml"
    if not path.exists() or session.scalar(select(exists().where(Subscription.id.is_not(None)))):
        return 0
    people = validate(read(path), Subscribers).subscribers
    for person in people:
        topics.choose(session, _owner(session, person), person.choices(), city)
    return len(people)


def _owner(session: Session, person: Subscriber) -> Owner:
    if person.line:
        account = linking.account_of(session, person.line, 0)
        account.lang = person.lang
        return Owner(line_account_id=account.id)
    profile = {"email": person.mail, "name": person.name, "lang": person.lang}
    resident = Resident(profile=profile, created_at=clock.now())
    session.add(resident)
    session.flush()
    return Owner(resident_id=resident.id)
