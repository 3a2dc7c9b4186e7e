"""Rewriting the texts of a page that is ready to leave, tags untouched."""

from __future__ import annotations

import re
from collections.abc import Callable

_TAG = re.compile(r"(<!--.*?-->|<[^>]*>)", re.DOTALL)
_NAME = re.compile(r"</?([a-zA-Z0-9]+)")
_VOID = frozenset({"input", "br", "hr", "img", "meta", "link", "wbr", "source"})


def rewritten(page: str, write: Callable[[str], str], is_left_alone: Callable[[str, str], bool]) -> str:
    """Return an HTML page or fragment with ``write`` done to every text.

    ``is_left_alone(name, tag)`` says of an opening tag whether its element stays as it is, children included.
    """
    parts = _TAG.split(page)
    skipped: list[str] = []
    for index, part in enumerate(parts):
        if index % 2:
            _follow(part, skipped, is_left_alone)
        elif not skipped and part:
            parts[index] = write(part)
    return "".join(parts)


def _follow(tag: str, skipped: list[str], is_left_alone: Callable[[str, str], bool]) -> None:
    """Keep the stack of elements whose text is left alone."""
    named = _NAME.match(tag)
    if named is None:
        return
    name = named[1].lower()
    if tag.startswith("</"):
        if skipped and skipped[-1] == name:
            skipped.pop()
    elif name not in _VOID and not tag.endswith("/>") and (skipped or is_left_alone(name, tag)):
        skipped.append(name)
