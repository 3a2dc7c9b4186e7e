"""The colours keep the contrast that JIS X 8341-3 AA asks for (1.4.3, and 1.4.11 of WCAG 2.2)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "webapp" / "static"
TOKENS = STATIC / "vendor" / "digital-go-jp-design-tokens" / "tokens.css"
DEFINED = re.compile(r"(--[\w-]+):\s*([^;]+);")
TEXT_PAIRS = [
    ("--ink", "--paper"), ("--ink-soft", "--paper"), ("--ink-soft", "--key-tint"),
    ("--ink-soft", "--paper-tint"),
    ("--ink-faint", "--paper"), ("--ink-faint", "--paper-tint"), ("--on-key", "--key"),
    ("--on-key", "--key-hover"),
    ("--key", "--paper"), ("--key", "--key-tint"), ("--link", "--paper"), ("--link", "--paper-tint"),
    ("--link", "--key-tint"), ("--link-visited", "--paper"), ("--good", "--good-tint"), ("--good", "--paper"),
    ("--bad", "--bad-tint"), ("--bad", "--paper"), ("--warn", "--warn-tint"), ("--info", "--info-tint"),
]  # fmt: skip
EDGE_PAIRS = [("--line-strong", "--paper"), ("--focus-ring", "--paper"), ("--good-line", "--good-tint")]


def colours(high: bool) -> dict[str, str]:
    """Every custom property with its final value."""
    theme = (STATIC / "css" / "theme.css").read_text(encoding="utf-8")
    normal, _, strong = theme.partition(".contrast-high")
    defined = dict(DEFINED.findall(TOKENS.read_text(encoding="utf-8"))) | dict(DEFINED.findall(normal))
    return defined | (dict(DEFINED.findall(strong)) if high else {})


def luminance(name: str, known: dict[str, str]) -> float:
    value = known[name]
    while value.startswith("var("):
        value = known[value[4:-1]]
    parts = [int(value[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(front: str, back: str, known: dict[str, str]) -> float:
    darker, lighter = sorted((luminance(front, known), luminance(back, known)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("front", "back"), TEXT_PAIRS)
def test_text_stands_out_at_least_four_and_a_half_to_one(front: str, back: str) -> None:
    assert ratio(front, back, colours(high=False)) >= 4.5


@pytest.mark.parametrize(("front", "back"), TEXT_PAIRS)
def test_with_high_contrast_text_stands_out_seven_to_one(front: str, back: str) -> None:
    assert ratio(front, back, colours(high=True)) >= 7


@pytest.mark.parametrize(("front", "back"), EDGE_PAIRS)
def test_edges_of_controls_stand_out_three_to_one(front: str, back: str) -> None:
    assert ratio(front, back, colours(high=False)) >= 3


def test_every_property_that_is_used_is_defined() -> None:
    known = colours(high=False)
    for sheet in (STATIC / "css").glob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        own = dict(DEFINED.findall(text))
        used = set(re.findall(r"var\((--[\w-]+)", text))
        assert used <= known.keys() | own.keys(), sheet.name


def test_no_sheet_loads_anything_from_elsewhere() -> None:
    for sheet in (STATIC / "css").glob("*.css"):
        assert not re.search(r"@import|url\(|https?:", sheet.read_text(encoding="utf-8")), sheet.name


def test_every_icon_that_the_city_names_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    city = (STATIC.parents[1] / "demo" / "city.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"icon: ([\w-]+)", city)) <= drawn
