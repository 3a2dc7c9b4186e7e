"""Does an address lie in this municipality? Undecidable is an answer: then staff decide."""

from __future__ import annotations

import re
import unicodedata

GUN = re.compile(r"^[^市区町村]{1,6}郡")


def lives_in(address: str, prefecture: str, municipality: str) -> bool | None:
    """Tell whether an asserted address begins with the municipality, or None when it cannot be told.

    The prefecture may be missing in the address, and a 郡 may stand in front of a town.
    """
    text = _normal(address)
    if not text:
        return None
    rest = text.removeprefix(_normal(prefecture))
    own = _normal(municipality)
    if GUN.sub("", rest, count=1).startswith(GUN.sub("", own, count=1)):
        return True
    has_prefecture = bool(re.match(r"^(東京都|北海道|(?:京都|大阪)府|.{2,3}県)", text))
    has_municipality = bool(re.match(r"^.{1,10}?[市区町村]", rest))
    return False if has_prefecture or has_municipality else None


def _normal(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
