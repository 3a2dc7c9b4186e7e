"""What stands on the shelves of the catalogue: procedures by category, life scene and search."""

from __future__ import annotations

from collections.abc import Iterable

from flask import current_app

from webapp.city import City, NotOnline
from webapp.form_engine.load import Library
from webapp.form_engine.model import Definition
from webapp.form_engine.search import Entry, Index
from webapp.web.services import services

Found = Definition | NotOnline
_EXTENSION = "madoguchi.catalogue"


def offered() -> list[Definition]:
    """Every procedure the city offers, in the order of their Japanese titles' readings where known."""
    return list(services().library.values())


def in_category(key: str) -> list[Definition]:
    return [definition for definition in offered() if definition.category == key]


def in_life_scene(key: str) -> list[Definition]:
    return [definition for definition in offered() if key in definition.life_scenes]


def popular() -> list[Definition]:
    """The procedures the city puts first, filled up with others where it names too few."""
    library = services().library
    named = [library[slug] for slug in services().city.popular if slug in library]
    return (named or offered())[:6]


def found(question: str) -> list[Found]:
    """What answers a question, best first: procedures, and those that cannot be done online."""
    return [thing for thing, _score in _index().find(question)]


def _index() -> Index[Found]:
    """The index of the running application; built at the first search, and again when the library changes."""
    library = services().library
    kept = current_app.extensions.get(_EXTENSION)
    if kept is None or kept[0] is not library:
        kept = (library, build_index(library, services().city))
        current_app.extensions[_EXTENSION] = kept
    index: Index[Found] = kept[1]
    return index


def build_index(library: Library, city: City) -> Index[Found]:
    """Index procedures and not-online entries in all three languages."""
    entries: list[Entry[Found]] = [Entry(d, list(_texts(d, city))) for d in library.values()]
    entries += [Entry(entry, list(_not_online_texts(entry))) for entry in city.not_online]
    return Index.build(entries, city.synonyms)


def _texts(definition: Definition, city: City) -> Iterable[tuple[str, float]]:
    for text, weight in ((definition.title, 8.0), (definition.summary, 3.0), (definition.who, 1.0)):
        yield from ((words, weight) for words in (text.ja, text.easy, text.en) if words)
    yield from ((word, 6.0) for word in definition.keywords)
    yield from ((reading, 5.0) for reading in definition.readings.values())
    yield definition.slug.replace("-", " "), 2.0
    category = city.category(definition.category)
    if category:
        yield from ((words, 1.5) for words in (category.name.ja, category.name.en) if words)
    for key in definition.life_scenes:
        scene = city.life_scene(key)
        if scene:
            yield scene.name.ja, 1.5


def _not_online_texts(entry: NotOnline) -> Iterable[tuple[str, float]]:
    yield from ((words, 7.0) for words in (entry.title.ja, entry.title.en) if words)
    yield from ((word, 5.0) for word in entry.keywords)
    yield entry.instead.ja, 1.0
