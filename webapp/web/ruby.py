"""Furigana: readings become <ruby>, on pages as they leave the house.

Two kinds of text carry them. やさしい日本語 writes them behind the word, 漢字（かんじ）; a procedure
names readings of hard words, which are drawn in plain Japanese too. The brackets remain as
<rp>, for readers without ruby. What people typed themselves is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from flask import Flask, Response, g

from webapp.form_engine.furigana import KANJI, words
from webapp.form_engine.model import Definition
from webapp.web import page_text
from webapp.web.languages import lang

_INLINE = re.compile(rf"({KANJI.pattern})（([\u3041-\u309fー]+)）")
_LEFT_ALONE = frozenset({"head", "script", "style", "textarea", "select", "ruby", "pre", "svg"})
_MARK = "data-as-typed"


def install(app: Flask) -> None:
    """Draw readings on every HTML page of residents."""
    app.after_request(_draw)


def uses(definition: Definition) -> None:
    """Say that this request shows texts of ``definition``, so that its readings are drawn."""
    g.furigana = {**g.get("furigana", {}), **words(definition)}


def drawn(page: str, known: Mapping[str, str], *, inline: bool) -> str:
    """Return an HTML page or fragment with readings as <ruby>; ``inline`` reads 漢字（かんじ）."""
    readings = tuple(sorted(known.items()))
    return page_text.rewritten(page, lambda text: _text(text, readings, inline), _is_left_alone)


def _is_left_alone(name: str, tag: str) -> bool:
    return name in _LEFT_ALONE or _MARK in tag


def _draw(response: Response) -> Response:
    reader, known = lang(), g.get("furigana", {})
    if reader == "en" or response.mimetype != "text/html" or response.is_streamed:
        return response
    if reader == "easy" or known:
        response.set_data(drawn(response.get_data(as_text=True), known, inline=reader == "easy"))
    return response


@lru_cache(maxsize=4096)
def _text(text: str, known: tuple[tuple[str, str], ...], inline: bool) -> str:
    pieces = _INLINE.split(text) if inline else [text]
    drawn_pieces = [_known(pieces[0], known)]
    for word, reading, rest in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        drawn_pieces += [_ruby(word, reading), _known(rest, known)]
    return "".join(drawn_pieces)


def _known(text: str, known: tuple[tuple[str, str], ...]) -> str:
    if not known or not text.strip():
        return text
    readings = dict(known)
    longest_first = sorted(map(re.escape, readings), key=len, reverse=True)
    return re.sub("|".join(longest_first), lambda found: _ruby(found[0], readings[found[0]]), text)


def _ruby(word: str, reading: str) -> str:
    return f"<ruby>{word}<rp>（</rp><rt>{reading}</rt><rp>）</rp></ruby>"
