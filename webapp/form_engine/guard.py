"""個人番号 never enters: twelve digits with its check digit are refused before any write (番号法20条)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from webapp.form_engine import paths
from webapp.form_engine.model import Definition

SEPARATORS = r"[\s\-‐‑‒–—―−ー－・,、.．_/]"
DIGITS = re.compile(rf"(?<!\d)\d(?:{SEPARATORS}{{0,3}}\d){{11}}(?!\d)")


def contains_individual_number(text: str) -> bool:
    """Whether ``text`` holds twelve digits with a fitting check digit, in any width, spaced or not."""
    folded = unicodedata.normalize("NFKC", text)
    return any(_fits(re.sub(r"\D", "", found)) for found in _twelves(folded))


def find(definition: Definition, answers: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths of answers that hold such a number, whatever their type."""
    for path, field, value in paths.walk(definition, answers):
        if field.type != "group" and any(contains_individual_number(text) for text in _texts(value)):
            yield path


def _twelves(text: str) -> Iterator[str]:
    for run in re.findall(rf"\d(?:{SEPARATORS}{{0,3}}\d)+", text):
        digits = re.sub(r"\D", "", run)
        if len(digits) == 12:
            yield digits
    yield from DIGITS.findall(text)


def _fits(digits: str) -> bool:
    """The check digit of an 個人番号 (平成26年総務省令85号5条)."""
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    total = sum(int(d) * w for d, w in zip(digits[:11], weights, strict=True))
    rest = total % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in ("file_id", "sha256", "id"):
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
