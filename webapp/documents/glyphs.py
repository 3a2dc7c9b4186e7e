"""Which characters the fonts in the repository can show: a missing glyph is an error, never a box."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

FONTS = Path(__file__).resolve().parents[2] / "templates" / "documents" / "fonts"


def missing(texts: Iterable[str]) -> list[str]:
    """Return the characters that no font of the repository has, each once, in order of appearance.

    A variation selector whose variant is not in the font shows the standard form of its character,
    as Unicode foresees; it is not missing.
    """
    known = _characters()
    found: dict[str, None] = {}
    for text in texts:
        for char in text:
            if ord(char) not in known and not _invisible(char):
                found[char] = None
    return list(found)


def marked(text: str) -> str:
    """Return the text with 〓 and its number where a character cannot be shown, for copies of what was sent.

    A copy that hid a character would be false, and one that cannot be printed helps nobody.
    """
    absent = set(missing([text]))
    return "".join(f"〓(U+{ord(char):04X})" if char in absent else char for char in text) if absent else text


def texts_of(data: Any) -> Iterable[str]:
    """Yield every string inside nested data."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from texts_of(value)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from texts_of(value)


def _invisible(char: str) -> bool:
    code = ord(char)
    return (
        char in "\n\r\t"
        or 0xFE00 <= code <= 0xFE0F
        or 0xE0100 <= code <= 0xE01EF
        or unicodedata.category(char) == "Cf"
    )


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    from fontTools.ttLib import TTFont  # slow to import, and only letters need it

    found: set[int] = set()
    for path in sorted(FONTS.glob("*.ttf")):
        with TTFont(path, lazy=True) as font:
            codes = set(font.getBestCmap())
        found = found & codes if found else codes
    return frozenset(found)
