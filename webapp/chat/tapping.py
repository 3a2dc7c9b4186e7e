"""Choosing topics and areas in a few taps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from webapp import clock
from webapp.chat.pieces import Message, say, text
from webapp.city import City, Topic
from webapp.errors import InvalidInput
from webapp.messaging import topics
from webapp.messaging.topics import Choice, Owner
from webapp.yaml_source import Lang

CHILD_TOPIC: Final = "children"
YEARS: Final = 7
OWN_PROCEDURES: Final = "procedures"
"""Told by tell() to linked residents; not something to subscribe to here."""


def topics_message(city: City, chosen: set[str], lang: Lang) -> Message:
    """Offer the topics; a tick marks what is chosen."""
    taps = [
        (("✓" if topic.key in chosen else "") + topic.name.in_(lang), f"topic={topic.key}")
        for topic in city.topics
        if topic.key != OWN_PROCEDURES
    ]
    return text(say("topics", lang), taps)


def topic_tapped(
    session: Session, data: Mapping[str, str], owner: Owner, city: City, lang: Lang
) -> list[Message]:
    """Go one tap further: topic, then district and area, or year and month; store when it is complete."""
    topic = next((t for t in city.topics if t.key == data["topic"] and t.key != OWN_PROCEDURES), None)
    if topic is None:
        return [text(say("ask", lang))]
    here = f"topic={topic.key}"
    chosen = [choice for choice in topics.of(session, owner) if choice.topic == topic.key]
    if data.get("stop"):
        topics.remove(session, owner, topic.key, data.get("area", ""))
        return [text(say("stopped", lang), [(say("menu_topics", lang), "do=topics")])]
    if chosen and not set(data) & {"more", "district", "area", "year", "month"}:
        return [_chosen(city, topic, chosen, lang)]
    if topic.by_area and "area" not in data:
        return [_areas(city, here, data.get("district"), lang)]
    if topic.key == CHILD_TOPIC and "month" not in data:
        return [_births(here, data.get("year"), lang)]
    birth = (
        f"{data['year']}-{int(data['month']):02d}"
        if "month" in data and data.get("year", "").isdecimal()
        else ""
    )
    try:
        topics.add(session, owner, Choice(topic.key, data.get("area", ""), birth), city)
    except (InvalidInput, ValueError):
        return [text(say("ask", lang))]
    now = [choice for choice in topics.of(session, owner) if choice.topic == topic.key]
    return [_chosen(city, topic, now, lang, say("chosen", lang))]


def _chosen(city: City, topic: Topic, chosen: Sequence[Choice], lang: Lang, done: str = "") -> Message:
    """Say what is chosen of a topic, and offer to add to it, to stop a part of it, or all of it."""
    here, stop = f"topic={topic.key}", say("stop", lang)
    taps = [(say("menu_topics", lang), "do=topics")]
    if topic.by_area or topic.key == CHILD_TOPIC:
        taps.insert(0, (say("more_areas" if topic.by_area else "more_children", lang), f"{here}&more=1"))
    places = [(choice.area, _named(city, choice, lang)) for choice in chosen]
    if len(places) > 1 and topic.by_area:
        taps += [(f"{stop}: {name}", f"{here}&stop=1&area={area}") for area, name in places if area]
    taps.append((say("stop_all" if len(places) > 1 else "stop", lang), f"{here}&stop=1"))
    names = "\n".join(f"・{name}" for _area, name in places if name)
    return text("\n".join(part for part in (topic.name.in_(lang), names, done) if part), taps)


def _named(city: City, choice: Choice, lang: Lang) -> str:
    area = city.area(choice.area)
    if area is not None:
        return area.name.in_(lang)
    year, _, month = choice.birth_month.partition("-")
    return say("born", lang).format(year=year, month=int(month)) if month else ""


def _areas(city: City, here: str, district: str | None, lang: Lang) -> Message:
    if district is None:
        taps = [(d.name.in_(lang), f"{here}&district={d.key}") for d in city.districts]
        return text(say("district", lang), taps)
    areas = [area for area in city.areas if area.district == district]
    return text(say("area", lang), [(a.name.in_(lang), f"{here}&area={a.key}") for a in areas])


def _births(here: str, year: str | None, lang: Lang) -> Message:
    this = clock.today().year
    if year is None or not year.isdecimal():
        taps = [(str(this - n), f"{here}&year={this - n}") for n in range(YEARS)]
        return text(say("year", lang), taps)
    unit = "" if lang == "en" else "月"
    return text(say("month", lang), [(f"{m}{unit}", f"{here}&year={year}&month={m}") for m in range(1, 13)])
