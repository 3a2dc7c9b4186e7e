"""The sentences of residents' screens, taken from the sources as pybabel would."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = ROOT / "webapp" / "translations"
LEFT_OUT = ("templates/staff/", "templates/documents/", "templates/messages/", "webapp/staff/")
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")


def wanted() -> dict[str, list[str]]:
    """Every message id with the files that show it."""
    found: dict[str, list[str]] = {}
    for folder, ending, method in (("templates", "html", "jinja2"), ("webapp", "py", "python")):
        for path in sorted((ROOT / folder).rglob(f"*.{ending}")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith(LEFT_OUT) or (ending == "py" and "flask_babel" not in path.read_text("utf-8")):
                continue
            for _line, message, _comments, _context in extract_from_file(method, path):
                for text in [message] if isinstance(message, str) else message:
                    if text:
                        found.setdefault(text, []).append(name)
    return found


def catalogue(locale: str) -> Catalog:
    """The catalogue of a locale."""
    with (CATALOGUES / locale / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=locale)


def placeholders(text: object) -> list[str]:
    """The named places in a sentence, sorted."""
    return sorted(first or second for first, second in PLACEHOLDER.findall(str(text)))
