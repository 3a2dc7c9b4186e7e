"""Japanese words on an English page say that they are Japanese, so that a screen reader reads them so.

Names, laws and what people typed stay as they are in every language. They are marked as the page leaves the
house: a template cannot know which texts of a city's data have a translation.
"""

from __future__ import annotations

import re

from flask import Flask, Response

from webapp.web import page_text
from webapp.web.languages import lang

_KANA, _KANJI = r"\u3041-\u30fa\u30fc-\u30ff", r"\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_LETTER = f"[{_KANA}{_KANJI}]"
_BETWEEN = r"[\s0-9０-９.,:/()（）「」『』【】、。・〜～\-–]+"
_WORDS = re.compile(rf"「?{_LETTER}+(?:{_BETWEEN}{_LETTER}+)*[0-9０-９]*[）」。]*")
_MARKED = re.compile(r"""\blang=["']ja""")
_LEFT_ALONE = frozenset({"head", "script", "style", "textarea", "select", "svg"})
_ALONE = re.compile(rf"<(option|textarea)\b((?![^>]*\blang=)[^>]*)>(?=[^<A-Za-z]*{_LETTER})[^<]*</\1>")
"""Elements that hold text only and cannot hold a span."""


def install(app: Flask) -> None:
    """Mark them on every English page."""
    app.after_request(_mark)


def marked(page: str) -> str:
    """Return an HTML page or fragment whose Japanese words carry ``lang="ja"``."""
    whole = _ALONE.sub(lambda found: found[0].replace(found[1], f'{found[1]} lang="ja"', 1), page)
    return page_text.rewritten(whole, _text, _is_left_alone)


def _is_left_alone(name: str, tag: str) -> bool:
    return name in _LEFT_ALONE or bool(_MARKED.search(tag))


def _text(text: str) -> str:
    return _WORDS.sub(r'<span lang="ja">\g<0></span>', text)


def _mark(response: Response) -> Response:
    if lang() == "en" and response.mimetype == "text/html" and not response.is_streamed:
        response.set_data(marked(response.get_data(as_text=True)))
    return response
