"""Words of a definition with their readings, as its author wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from webapp.form_engine.model import Definition

KANJI = re.compile(r"[々〆ヶ\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")


def words(definition: Definition) -> dict[str, str]:
    """Return word -> reading: ``readings``, and each question's ``reading`` for its label's first kanji."""
    return {**dict(_of_questions(definition)), **definition.readings}


def _of_questions(definition: Definition) -> Iterator[tuple[str, str]]:
    for _, question in definition.walk():
        run = KANJI.search(question.label.ja) if question.reading else None
        if run is not None and question.reading:
            yield run[0], question.reading
