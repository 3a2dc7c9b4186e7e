"""Topics a person wants to hear about, and the people who want to hear about a topic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.city import City
from webapp.errors import InvalidInput
from webapp.identity.models import Resident
from webapp.messaging.models import LineAccount
from webapp.messaging.topic_models import Subscription

MOST_AREAS = 10


@dataclass(frozen=True)
class Owner:
    """Whose wishes: exactly one of a LINE account and a resident."""

    line_account_id: int | None = None
    resident_id: int | None = None


@dataclass(frozen=True)
class Choice:
    """One wish. ``birth_month`` is ``YYYY-MM``."""

    topic: str
    area: str = ""
    birth_month: str = ""


@dataclass(frozen=True)
class Person:
    """Somebody to tell: by LINE when ``user_id`` is set, else by mail."""

    user_id: str = ""
    email: str = ""
    name: str = ""
    lang: str = "ja"
    resident_id: int | None = None


def of(session: Session, owner: Owner) -> list[Choice]:
    """Return the wishes of an owner."""
    query = select(Subscription).where(_owned(owner)).order_by(Subscription.topic, Subscription.id)
    return [Choice(row.topic, row.area, row.birth_month) for row in session.scalars(query)]


def choose(session: Session, owner: Owner, choices: Iterable[Choice], city: City) -> list[Choice]:
    """Replace the wishes of an owner. Raises InvalidInput for an unknown topic or area, or too many areas."""
    wanted = sorted(set(choices), key=lambda c: (c.topic, c.area, c.birth_month))
    topics = {topic.key: topic for topic in city.topics}
    areas = {area.key for area in city.areas}
    for choice in wanted:
        if choice.topic not in topics or (choice.area and choice.area not in areas):
            raise InvalidInput(f"topic {choice.topic!r} area {choice.area!r}")
    if len({choice.area for choice in wanted}) > MOST_AREAS:
        raise InvalidInput("areas", field="areas", say=f"地域は{MOST_AREAS}か所まで選べます。")
    forget(session, owner)
    for choice in wanted:
        session.add(_row(owner, choice))
    session.flush()
    return wanted


def add(session: Session, owner: Owner, choice: Choice, city: City) -> None:
    """Add one wish, as a tap in the chat does; the same again changes nothing."""
    choose(session, owner, [*of(session, owner), choice], city)


def remove(session: Session, owner: Owner, topic: str, area: str = "") -> None:
    """Stop a topic with one tap, or only what it says about one area."""
    gone = delete(Subscription).where(_owned(owner), Subscription.topic == topic)
    session.execute(gone.where(Subscription.area == area) if area else gone)


def forget(session: Session, owner: Owner) -> None:
    """Drop every wish of an owner."""
    session.execute(delete(Subscription).where(_owned(owner)))


def owner_of(account: LineAccount) -> Owner:
    """Return whose wishes a talk changes: the linked resident's, which the web page shows too."""
    if account.resident_id is not None:
        return Owner(resident_id=account.resident_id)
    return Owner(line_account_id=account.id)


def copy(session: Session, source: Owner, target: Owner) -> None:
    """Give ``target`` the wishes of ``source`` beside its own."""
    known = set(of(session, target))
    session.add_all(_row(target, choice) for choice in of(session, source) if choice not in known)
    session.flush()


def audience(
    session: Session,
    topic: str,
    *,
    areas: Sequence[str] = (),
    born_from: str = "",
    born_to: str = "",
    line_on: bool = True,
    everywhere: bool = True,
) -> list[Person]:
    """Return everyone who asked for ``topic``, each once.

    ``areas`` narrows to those areas and (unless ``everywhere`` is off) to those who named no area; birth
    months are inclusive.
    Somebody with a linked, reachable LINE account is told there, others by mail.
    """
    fits: list[ColumnElement[bool]] = [Subscription.topic == topic]
    if areas:
        chosen = Subscription.area.in_(list(areas))
        fits.append(or_(chosen, Subscription.area == "") if everywhere else chosen)
    if born_from:
        fits.append(Subscription.birth_month >= born_from)
    if born_to:
        fits.append(Subscription.birth_month <= born_to)
    found: dict[str, Person] = {}
    if line_on:
        for user_id, lang, resident_id in session.execute(
            select(LineAccount.user_id, LineAccount.lang, LineAccount.resident_id)
            .join(
                Subscription,
                or_(
                    Subscription.line_account_id == LineAccount.id,
                    Subscription.resident_id == LineAccount.resident_id,
                ),
            )
            .where(*fits, LineAccount.reachable)
        ):
            found[user_id] = Person(user_id=user_id, lang=lang, resident_id=resident_id)
    on_line = {person.resident_id for person in found.values()} - {None}
    residents = select(Resident).join(Subscription, Subscription.resident_id == Resident.id).where(*fits)
    for resident in session.scalars(residents):
        email = str(resident.profile.get("email") or "")
        if email and resident.email_bounced_at is None and resident.id not in on_line:
            name, lang = str(resident.profile.get("name") or ""), str(resident.profile.get("lang") or "ja")
            found[email] = Person(email=email, name=name, lang=lang, resident_id=resident.id)
    return list(found.values())


def _owned(owner: Owner) -> ColumnElement[bool]:
    if owner.line_account_id is not None:
        return Subscription.line_account_id == owner.line_account_id
    return Subscription.resident_id == owner.resident_id


def _row(owner: Owner, choice: Choice) -> Subscription:
    return Subscription(
        line_account_id=owner.line_account_id,
        resident_id=owner.resident_id,
        topic=choice.topic,
        area=choice.area,
        birth_month=choice.birth_month,
        created_at=clock.now(),
    )
