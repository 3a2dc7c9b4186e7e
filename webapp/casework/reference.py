"""Reference numbers and lookup passwords: short enough to be read out on the telephone.

A reference is ``YY-NNNN-NNNN``: two digits of the western year, seven random digits and a Damm check
digit over all nine, which finds every single wrong digit and every swap of neighbours. Ten digits, so
it can never be mistaken for a 12-digit 個人番号.
"""

from __future__ import annotations

import re
import secrets
import unicodedata

_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""No i, l, o, 0 and 1: they are read for one another."""


def check_digit(digits: str) -> int:
    """Return the Damm check digit of ``digits``."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return interim


def new_reference(year: int) -> str:
    """Return a fresh reference for a case that arrived in the western ``year``."""
    body = f"{year % 100:02d}{secrets.randbelow(10**7):07d}"
    whole = f"{body}{check_digit(body)}"
    return f"{whole[:2]}-{whole[2:6]}-{whole[6:]}"


def tidy_reference(typed: str) -> str | None:
    """Bring a typed reference into its form; None when it cannot be one (wrong length or check digit).

    Full-width digits, spaces and any kind of hyphen are taken.
    """
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", typed))
    if len(digits) != 10 or check_digit(digits) != 0:
        return None
    return f"{digits[:2]}-{digits[2:6]}-{digits[6:]}"


def new_password() -> str:
    """Return a fresh lookup password such as ``k7mp-2wx9`` (about 40 bits)."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def tidy_password(typed: str) -> str:
    """Bring a typed password into the form that is hashed: capitals, widths and hyphens do not matter."""
    plain = unicodedata.normalize("NFKC", typed).casefold()
    letters = "".join(letter for letter in plain if letter in _LETTERS)
    return f"{letters[:4]}-{letters[4:]}"
