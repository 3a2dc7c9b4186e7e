"""Frequent questions of the city (CITY_DIR/faq.yaml) and the search in them."""

from __future__ import annotations

from flask import current_app

from webapp.chat.questions import Group, Question, Questions, load_questions
from webapp.form_engine.search import Entry, Index
from webapp.web.services import services

_EXTENSION = "madoguchi.faq"


def by_group() -> list[tuple[Group, list[Question]]]:
    """All questions under their headings."""
    questions = _kept()[0]
    pairs = [(g, [q for q in questions.questions if q.group == g.key]) for g in questions.groups]
    return [(group, listed) for group, listed in pairs if listed]


def found(words: str) -> list[Question]:
    """The questions that fit, best first, at most ten."""
    return [question for question, _score in _kept()[1].find(words, limit=10)]


def build_index(questions: Questions, synonyms: list[list[str]]) -> Index[Question]:
    """Index questions and answers in all three languages."""
    return Index.build([Entry(q, _texts(q)) for q in questions.questions], synonyms)


def _texts(question: Question) -> list[tuple[str, float]]:
    asked = question.question
    texts = [(words, 6.0) for words in (asked.ja, asked.easy, asked.en) if words]
    texts += [(word, 5.0) for word in question.keywords]
    return [*texts, *((words, 1.5) for words in (question.answer.ja, question.answer.en) if words)]


def _kept() -> tuple[Questions, Index[Question]]:
    kept: tuple[Questions, Index[Question]] | None = current_app.extensions.get(_EXTENSION)
    if kept is None:
        questions = load_questions(services().settings.city_dir)
        kept = (questions, build_index(questions, services().city.synonyms))
        current_app.extensions[_EXTENSION] = kept
    return kept
