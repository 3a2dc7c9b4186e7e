"""Finding a procedure by plain words, in memory: one- and two-character grams, synonyms, no dictionary.

Japanese has no spaces, so texts are folded (width, case, katakana to hiragana) and cut into grams; two kanji
are enough to find something, and a whole sentence (「大きなごみを捨てたい」) still finds what it speaks of.
"""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key")

_DROPPED = {ord(mark): None for mark in "、。，．,.!?！？「」『』（）()[]【】・/／-‐ー―~〜:：;；'\"’”　 "}
_SHARE_OF_GRAMS = 0.45
"""How much of a sentence must be met by a text before it counts as found."""
_WORD_BONUS = 6.0
_SYNONYM_BONUS = 3.0


def fold(text: str) -> str:
    """Fold a text for comparison: width, case, katakana to hiragana, no punctuation."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_DROPPED)
    return "".join(chr(ord(mark) - 0x60) if "ァ" <= mark <= "ヶ" else mark for mark in plain)


def grams(word: str) -> list[str]:
    """The pairs of a folded word, or the word itself when it is a single character."""
    return [word] if len(word) == 1 else [word[i : i + 2] for i in range(len(word) - 1)]


@dataclass(frozen=True)
class Entry(Generic[Key]):
    """Something to be found: texts by weight, the title heaviest."""

    key: Key
    texts: Sequence[tuple[str, float]]


@dataclass
class Index(Generic[Key]):
    """Entries by gram. Build it once; `find` changes nothing."""

    entries: list[tuple[Key, list[tuple[str, float]]]] = field(default_factory=list)
    _postings: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    _synonyms: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def build(cls, entries: Iterable[Entry[Key]], synonyms: Iterable[Sequence[str]] = ()) -> Index[Key]:
        """Index the entries; each group of synonyms is interchangeable in questions."""
        index = cls()
        for group in synonyms:
            folded = {fold(word) for word in group} - {""}
            for word in folded:
                index._synonyms.setdefault(word, set()).update(folded - {word})
        for entry in entries:
            index._add(entry)
        return index

    def find(self, question: str, limit: int = 50) -> list[tuple[Key, float]]:
        """Return (key, score), best first. Words divided by spaces must all be met in some way."""
        words = [folded for word in question.split() if (folded := fold(word))]
        if not words:
            return []
        totals: dict[int, float] | None = None
        for word in words:
            scores = self._word(word)
            if totals is None:
                totals = scores
            else:
                totals = {n: totals[n] + scores[n] for n in totals.keys() & scores.keys()}
        if len(words) > 1:
            # words that mean something together only (residence certificate)
            joined = "".join(words)
            for number, score in self._whole(joined, self._synonyms.get(joined, set())).items():
                totals = {**(totals or {}), number: score + (totals or {}).get(number, 0.0)}
        ranked = sorted((totals or {}).items(), key=lambda item: (-item[1], item[0]))
        return [(self.entries[number][0], score) for number, score in ranked[:limit]]

    def _add(self, entry: Entry[Key]) -> None:
        number = len(self.entries)
        texts = [(fold(text), weight) for text, weight in entry.texts if text]
        self.entries.append((entry.key, texts))
        for text, weight in texts:
            for gram in {*grams(text), *text}:
                postings = self._postings[gram]
                postings[number] = max(weight, postings.get(number, 0.0))

    def _word(self, word: str) -> dict[int, float]:
        scores = self._by_grams(word)
        for number, score in self._whole(word, self._meant_by(word)).items():
            scores[number] = scores.get(number, 0.0) + score
        return scores

    def _whole(self, word: str, synonyms: set[str]) -> dict[int, float]:
        """Texts that hold the word itself, or one that means the same."""
        scores: dict[int, float] = defaultdict(float)
        for number in self._holding(word):
            scores[number] += _WORD_BONUS * self._weight(number, word)
        for other in synonyms:
            for number in self._holding(other):
                scores[number] += _SYNONYM_BONUS * self._weight(number, other)
        return scores

    def _meant_by(self, word: str) -> set[str]:
        """Synonyms of the word, and of any synonym word that stands inside a longer sentence."""
        found = set(self._synonyms.get(word, ()))
        if len(word) > 3:
            for known, others in self._synonyms.items():
                if len(known) >= 2 and known in word:
                    found |= {known, *others}
        return {other for other in found if len(other) >= 2}

    def _by_grams(self, word: str) -> dict[int, float]:
        wanted = grams(word)
        met: dict[int, float] = defaultdict(float)
        scores: dict[int, float] = defaultdict(float)
        whole = 0.0
        for gram in wanted:
            postings: Mapping[int, float] = self._postings.get(gram, {})
            rarity = math.log(1 + len(self.entries) / (1 + len(postings)))
            whole += rarity
            for number, weight in postings.items():
                met[number] += rarity
                scores[number] += rarity * weight
        least = _SHARE_OF_GRAMS * whole if len(wanted) > 2 else whole * 0.99
        return {number: scores[number] / len(wanted) for number in met if met[number] >= least}

    def _holding(self, word: str) -> list[int]:
        parts = [self._postings.get(gram, {}) for gram in grams(word)]
        if not parts:
            return []
        candidates = set.intersection(*(set(part) for part in parts))
        return [n for n in candidates if any(word in text for text, _ in self.entries[n][1])]

    def _weight(self, number: int, word: str) -> float:
        return max(weight for text, weight in self.entries[number][1] if word in text)
