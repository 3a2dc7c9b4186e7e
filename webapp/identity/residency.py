"""Does an address lie in this municipality, and are two the same? Undecidable: then staff decide."""

from __future__ import annotations

import re
import unicodedata

KANJI_NUMBER = re.compile(r"[〇一二三四五六七八九十]+(?=丁目|番|号)")
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


def same_place(one: str, other: str) -> bool:
    """Tell whether two written addresses name the same place, however the numbers are written.

    「中央一丁目2番3号」 is 「中央1-2-3」; a building's name that only one of them has does not count.
    """
    short, long = sorted((_numbered(one), _numbered(other)), key=len)
    rest = long.removeprefix(short)
    return bool(short) and long.startswith(short) and not (rest[:1].isdigit() and short[-1:].isdigit())


def _numbered(address: str) -> str:
    text = _normal(address)
    text = KANJI_NUMBER.sub(lambda found: str(_number(found[0])), text)
    text = re.sub(r"[‐‑‒–—―−ー]", "-", text)
    return re.sub(r"(?<=\d)(?:丁目|番地の|番地|番の|番|号|の)-?(?=(\d?))", _joint, text).rstrip("-")


def _joint(found: re.Match[str]) -> str:
    return "-" if found[1] else ""


def _number(kanji: str) -> int:
    tens, ten, ones = kanji.partition("十")
    digits = {mark: value for value, mark in enumerate("〇一二三四五六七八九")}

    def plain(text: str) -> int:
        return int("".join(str(digits[mark]) for mark in text) or 0)

    return (plain(tens) or 1) * 10 + plain(ones) if ten else plain(kanji)
