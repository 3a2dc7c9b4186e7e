"""Reducing text to what Shift_JIS can hold (縮退), with a list of it. The original stays stored."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from webapp.casework.search import common_form

_LOOKALIKES = str.maketrans(
    {"〜": "～", "−": "－", "—": "―", "‖": "∥", "¢": "￠", "£": "￡", "¬": "￢", "\u00a0": " "}
)
GETA = "〓"


@dataclass(frozen=True)
class Reduced:
    """One character that the encoding cannot hold, and what stands for it."""

    reference: str
    column: str
    original: str
    replacement: str

    @property
    def code(self) -> str:
        return " ".join(f"U+{ord(char):04X}" for char in self.original)


def reduce(text: str, reference: str, column: str) -> tuple[str, list[Reduced]]:
    """Return ``text`` in characters of Shift_JIS (Windows code page 932) and what was changed for it.

    A variant kanji becomes its common form (𠮷 → 吉), a variation selector falls away, whatever has no
    stand-in becomes 〓.
    """
    made: list[str] = []
    reduced: list[Reduced] = []
    for char in text:
        if _fits(char):
            made.append(char)
            continue
        replacement = _stand_in(char)
        made.append(replacement)
        reduced.append(Reduced(reference, column, char, replacement))
    return "".join(made), reduced


def _stand_in(char: str) -> str:
    code = ord(char)
    if 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return ""
    for candidate in (char.translate(_LOOKALIKES), common_form(char), unicodedata.normalize("NFKC", char)):
        if candidate != char and candidate and all(_fits(one) for one in candidate):
            return candidate
    return GETA


def _fits(char: str) -> bool:
    try:
        char.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
