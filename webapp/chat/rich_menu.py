"""The rich menu below the talk: what it does, its picture, and LINE's limits for both.

Source of the limits: developers.line.biz, Messaging API reference, "Rich menu".
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from webapp.chat.pieces import say
from webapp.chat.words import MENU
from webapp.documents.glyphs import FONTS, missing
from webapp.errors import InvalidInput
from webapp.messaging.line_menu import alias_of
from webapp.yaml_source import LANGS, Lang

ROOT: Final = Path(__file__).resolve().parents[2]
WIDTH: Final = 2500
HEIGHT: Final = 1686
COLUMNS: Final = 3
LARGEST_IMAGE: Final = 1024 * 1024
BAR: Final[dict[Lang, str]] = {"ja": "メニュー", "easy": "メニュー", "en": "Menu"}
NAMES: Final[dict[Lang, str]] = {"ja": "日本語", "easy": "やさしい日本語", "en": "English"}
ICONS: Final = {
    "search": "search",
    "topics": "mail",
    "garbage": "truck",
    "procedures": "file",
    "bookings": "calendar",
    "report": "road",
    "person": "phone",
    "link": "mobile",
}


@dataclass(frozen=True)
class Tile:
    """One place to tap, in pixels of the picture."""

    x: int
    y: int
    width: int
    height: int
    label: str
    data: str
    icon: str = ""


def tiles(lang: Lang) -> list[Tile]:
    """Return eight entries in three columns, and in the last place the two other languages."""
    xs = [WIDTH * n // COLUMNS for n in range(COLUMNS + 1)]
    rows = -(-(len(MENU) + 1) // COLUMNS)
    ys = [HEIGHT * n // rows for n in range(rows + 1)]
    made = []
    for n, name in enumerate(MENU):
        column, row = n % COLUMNS, n // COLUMNS
        size = (xs[column + 1] - xs[column], ys[row + 1] - ys[row])
        made.append(Tile(xs[column], ys[row], *size, say(f"menu_{name}", lang), f"do={name}", ICONS[name]))
    left, top, half = xs[-2], ys[-2], (ys[-1] - ys[-2]) // 2
    others = [other for other in LANGS if other != lang]
    for n, other in enumerate(others):
        made.append(Tile(left, top + n * half, xs[-1] - left, half, NAMES[other], f"lang={other}"))
    return made


def picture(lang: Lang) -> bytes:
    """Return the PNG. Raises InvalidInput when the font lacks a character of a label."""
    parts = tiles(lang)
    if absent := missing([tile.label for tile in parts]):
        raise InvalidInput(f"no glyph for {absent}")
    import typst  # 30 MB of compiler: only the command loads it

    icons = _icons()
    data = {
        "width": WIDTH,
        "height": HEIGHT,
        "lang": "en" if lang == "en" else "ja",
        "tiles": [{**vars(tile), "icon": icons.get(tile.icon, "")} for tile in parts],
    }
    made = typst.compile(
        str(ROOT / "templates" / "line" / "rich_menu.typ"),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        format="png",
        ppi=72.0,
    )
    assert isinstance(made, bytes)
    return made


def definition(lang: Lang, image: bytes) -> dict[str, Any]:
    """Return the JSON of the menu. Its name holds a digest, so the same menu is not made twice."""
    areas = [
        {
            "bounds": {"x": tile.x, "y": tile.y, "width": tile.width, "height": tile.height},
            "action": {
                "type": "postback",
                "label": tile.label[:20],
                "data": tile.data,
                "displayText": tile.label[:300],
            },
        }
        for tile in tiles(lang)
    ]
    menu: dict[str, Any] = {
        "size": {"width": WIDTH, "height": HEIGHT},
        "selected": True,
        "chatBarText": BAR[lang],
        "areas": areas,
    }
    digest = hashlib.sha256(json.dumps(menu, sort_keys=True).encode() + image).hexdigest()[:16]
    return {**menu, "name": f"{alias_of(lang)} {digest}"}


def complaints(menu: dict[str, Any], image: bytes) -> list[str]:
    """Return what LINE would refuse, in words; empty when it fits."""
    from PIL import Image

    with Image.open(BytesIO(image)) as opened:
        is_right_kind, size = opened.format in ("PNG", "JPEG"), opened.size
    width, height = menu["size"]["width"], menu["size"]["height"]
    rules = {
        "image is PNG or JPEG": is_right_kind,
        "image has the menu's size": size == (width, height),
        "image is at most 1 MB": len(image) <= LARGEST_IMAGE,
        "width is 800 to 2500, height at least 250": 800 <= width <= 2500 and height >= 250,
        "width is at least 1.45 times the height": width / height >= 1.45,
        "name has at most 300 characters": 0 < len(menu["name"]) <= 300,
        "chatBarText has at most 14 characters": 0 < len(menu["chatBarText"]) <= 14,
        "there are 1 to 20 areas": 1 <= len(menu["areas"]) <= 20,
        "every area lies inside": all(_inside(area["bounds"], width, height) for area in menu["areas"]),
        "labels have at most 20 characters": all(
            0 < len(area["action"]["label"]) <= 20 for area in menu["areas"]
        ),
    }
    return [rule for rule, holds in rules.items() if not holds]


def _inside(bounds: dict[str, int], width: int, height: int) -> bool:
    x, y = bounds["x"], bounds["y"]
    return (
        x >= 0
        and y >= 0
        and bounds["width"] > 0
        and bounds["height"] > 0
        and (x + bounds["width"] <= width and y + bounds["height"] <= height)
    )


def _icons() -> dict[str, str]:
    """Return the site's own icons as single SVGs, drawn in the key colour."""
    sprite = (ROOT / "webapp" / "static" / "icons.svg").read_text()
    head = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#0031d8"'
        ' stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">'
    )
    found = re.findall(r'<symbol id="([a-z]+)"[^>]*>(.*?)</symbol>', sprite, re.S)
    return {name: f"{head}{drawing}</svg>" for name, drawing in found}
