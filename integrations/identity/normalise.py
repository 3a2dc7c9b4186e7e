"""What providers write in their own ways, brought into ours. Unclear becomes None or empty, never a guess."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

GENDERS = {"1": "1", "2": "2", "9": "9", "male": "1", "female": "2", "男": "1", "女": "2"}


def birth(value: Any) -> date | None:
    """Read ``YYYYMMDD``, ``YYYY-MM-DD`` or ``EYYYYMMDD`` (E: era, Gregorian year); ``00`` parts give None."""
    digits = str(value or "").replace("-", "").replace("/", "")
    if len(digits) == 9:
        digits = digits[1:]
    if len(digits) != 8 or not digits.isascii() or not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def gender(value: Any) -> str:
    """Return ``1`` male, ``2`` female, ``9`` not stated, or empty (JIS X 0303)."""
    return GENDERS.get(str(value or "").strip().lower(), "")


def address(value: Any) -> str:
    """Return the address as one string, from a string or an OpenID address object."""
    if isinstance(value, dict):
        value = value.get("formatted", "")
    return unicodedata.normalize("NFC", str(value or "")).strip()


def name(value: Any) -> str:
    """Return the name in NFC, its spaces and variants kept; it is never split."""
    return unicodedata.normalize("NFC", str(value or "")).strip()
