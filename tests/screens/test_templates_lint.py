"""Rules that every template keeps, read from the sources."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
ALL = sorted(path for path in TEMPLATES.rglob("*.html") if "documents" not in path.parts)
NAMES = [path.relative_to(TEMPLATES).as_posix() for path in ALL]
FRAMES = ("base.html", "staff_base.html", "page.html")
TAG = re.compile(r"<(?P<name>[a-zA-Z][\w-]*)(?P<rest>(?:\{\{.*?\}\}|\{%.*?%\}|[^>])*)>", re.DOTALL)


def every_template(test: object) -> object:
    return pytest.mark.parametrize("path", ALL, ids=NAMES)(test)


def source(path: Path) -> str:
    """The template without its comments."""
    return re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def markup(path: Path) -> str:
    """Only what the browser sees of the source: no statements of the template language."""
    return re.sub(r"\{%.*?%\}", " ", source(path), flags=re.DOTALL)


def tags(path: Path, *names: str) -> list[str]:
    return [m["rest"] for m in TAG.finditer(markup(path)) if not names or m["name"].lower() in names]


@every_template
def test_no_style_or_handler_stands_in_the_markup(path: Path) -> None:
    wrong = [rest for rest in tags(path) if re.search(r"\s(style|on[a-z]+)\s*=", rest)]
    assert not wrong
    assert "<style" not in source(path)


@every_template
def test_scripts_come_from_files_of_our_own(path: Path) -> None:
    wrong = [rest for rest in tags(path, "script") if not re.search(r'src="\{\{ ?static_url\(', rest)]
    assert not wrong


@every_template
def test_every_image_says_what_it_shows(path: Path) -> None:
    assert not [rest for rest in tags(path, "img") if "alt=" not in rest]


@every_template
def test_every_form_that_posts_carries_the_token(path: Path) -> None:
    text = source(path)
    posts = len(re.findall(r'<form[^>]*method="post"', text, re.IGNORECASE))
    assert len(re.findall(r"csrf_token|\btoken\(\)", text)) >= posts


@every_template
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    elsewhere = re.compile(r'(src|href)="(https?:)?//')
    assert not [rest for rest in tags(path, "link", "script", "img") if elsewhere.search(rest)]


@every_template
def test_a_whole_page_stands_in_a_frame(path: Path) -> None:
    name = path.relative_to(TEMPLATES).as_posix()
    is_part = path.name.startswith("_") or name.startswith("components/") or name in FRAMES
    # What htmx fetches is a part too; its view names it "..._part" or draws it inside a page as well.
    is_included = any(f'include "{name}"' in source(other) for other in ALL)
    if not is_part and not is_included:
        assert re.search(r"\{%-? ?extends ", source(path)), name


@every_template
def test_a_link_to_a_new_window_gives_nothing_away(path: Path) -> None:
    assert not [rest for rest in tags(path, "a") if "_blank" in rest and "noopener" not in rest]


def test_the_templates_were_found() -> None:
    assert len(ALL) > 40
