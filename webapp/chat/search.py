"""Find what answers plain words: procedures, what cannot be done online, facilities, frequent questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from webapp.booking.facility import Facilities, Facility
from webapp.chat.questions import Question, Questions
from webapp.city import City, NotOnline
from webapp.form_engine.model import Definition
from webapp.form_engine.search import Entry, Index
from webapp.yaml_source import LANGS, Text

Links = Mapping[str, Callable[..., str]]
Kind = Literal["procedure", "not_online", "facility", "question"]
BOOKABLE = Text(
    ja="空きを調べて予約できます。",
    easy="あいて いる 日を 見て 予約（よやく）できます。",
    en="See what is free and book.",
)
SURE = 0.6
"""A hit below this share of the best one is not shown in the chat."""


@dataclass(frozen=True)
class Hit:
    """One answer: words that stand in the city's data, and where to go on."""

    kind: Kind
    key: str
    title: Text
    text: Text
    url: str = ""
    tel: str = ""
    hours: Text | None = None


class Finder:
    """The index over everything the chat may answer. It knows only what is written in data files."""

    def __init__(
        self,
        city: City,
        library: Iterable[Definition],
        facilities: Facilities,
        questions: Questions,
        links: Links,
    ) -> None:
        self._city = city
        definitions = {definition.slug: definition for definition in library}
        entries: list[Entry[Hit]] = [
            Entry(self._procedure(d, links), list(_procedure_texts(d))) for d in definitions.values()
        ]
        entries += [
            Entry(self._elsewhere(e), _weighted(e.title, e.keywords, e.instead)) for e in city.not_online
        ]
        entries += [Entry(self._facility(f, links), list(_facility_texts(f))) for f in facilities]
        entries += [
            Entry(
                self._question(q, definitions.get(q.procedure or ""), links),
                _weighted(q.question, q.keywords, q.answer),
            )
            for q in questions.questions
        ]
        self._index = Index.build(entries, city.synonyms)

    def find(self, words: str, limit: int = 4) -> list[Hit]:
        """Return the best answers; none when nothing fits well. Never makes anything up."""
        ranked = self._index.find(words[:200], limit=limit)
        if not ranked:
            return []
        best = ranked[0][1]
        return [hit for hit, score in ranked if score >= best * SURE]

    def _procedure(self, definition: Definition, links: Links) -> Hit:
        url = links["procedure"](slug=definition.slug)
        return self._hit(
            "procedure", definition.slug, definition.title, definition.summary, url, definition.department
        )

    def _elsewhere(self, entry: NotOnline) -> Hit:
        return self._hit(
            "not_online", entry.title.ja, entry.title, entry.instead, entry.url or "", entry.department
        )

    def _facility(self, facility: Facility, links: Links) -> Hit:
        url = links["facility"](slug=facility.slug)
        return self._hit("facility", facility.slug, facility.name, BOOKABLE, url, facility.department)

    def _question(self, question: Question, leads_to: Definition | None, links: Links) -> Hit:
        url = links["procedure"](slug=leads_to.slug) if leads_to else question.url or ""
        url = links["home"]() + url[1:] if url.startswith("/") else url
        department = leads_to.department if leads_to else self._city.front_desk_key
        return self._hit("question", question.key, question.question, question.answer, url, department)

    def _hit(self, kind: Kind, key: str, title: Text, text: Text, url: str, department: str) -> Hit:
        asked = self._city.departments.get(department, self._city.front_desk)
        return Hit(kind, key, title, text, url, asked.tel, asked.hours or self._city.hours)


def _facility_texts(facility: Facility) -> Iterator[tuple[str, float]]:
    yield from _said(facility.name, 6.0)
    for room in facility.rooms:
        yield from _said(room.name, 2.0)


def _procedure_texts(definition: Definition) -> Iterator[tuple[str, float]]:
    yield from _said(definition.title, 6.0)
    yield from _said(definition.summary, 2.0)
    yield from ((word, 5.0) for word in definition.keywords)


def _weighted(title: Text, keywords: list[str], text: Text) -> list[tuple[str, float]]:
    return [*_said(title, 6.0), *((word, 5.0) for word in keywords), *_said(text, 1.5)]


def _said(text: Text, weight: float) -> list[tuple[str, float]]:
    return [(words, weight) for lang in LANGS if (words := getattr(text, lang))]
