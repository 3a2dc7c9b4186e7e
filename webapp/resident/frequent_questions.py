"""Frequent questions of the city (CITY_DIR/faq.yaml), and answers to plain words: the chat's, on a page."""

from __future__ import annotations

from flask import current_app

from webapp.chat.questions import Group, Question, Questions, load_questions
from webapp.chat.search import Finder, Hit
from webapp.web.services import services

_EXTENSION = "madoguchi.faq"
MOST = 10


def by_group() -> list[tuple[Group, list[Question]]]:
    """All questions under their headings."""
    questions = _kept()[0]
    pairs = [(g, [q for q in questions.questions if q.group == g.key]) for g in questions.groups]
    return [(group, listed) for group, listed in pairs if listed]


def found(words: str) -> list[Hit]:
    """What answers plain words, best first; the same that the chat would say, and more of it."""
    return _kept()[1].find(words, limit=MOST)


def _kept() -> tuple[Questions, Finder]:
    mine = services()
    kept: tuple[object, Questions, Finder] | None = current_app.extensions.get(_EXTENSION)
    if kept is None or kept[0] is not mine.library:
        questions = load_questions(mine.settings.city_dir)
        finder = Finder(mine.city, mine.library.values(), mine.facilities, questions, mine.links)
        kept = (mine.library, questions, finder)
        current_app.extensions[_EXTENSION] = kept
    return kept[1], kept[2]
