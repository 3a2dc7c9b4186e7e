"""`_()` of the templates, without the ten lookups that Flask-Babel makes for each word.

A page of forty questions asks for two hundred words; here each costs one dictionary lookup. The
meaning is that of Jinja's newstyle gettext: the text is markup, values are escaped into it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, g, has_request_context
from flask_babel import get_locale, get_translations
from markupsafe import Markup

Remembered = dict[str, dict[str, Markup]]


def install(app: Flask) -> None:
    """Replace the templates' `_` and `gettext`; call after Flask-Babel was set up."""
    quick = _quick({})
    app.jinja_env.globals.update(_=quick, gettext=quick)


def _quick(remembered: Remembered) -> Callable[..., Markup]:
    def gettext(message: str, **values: Any) -> Markup:
        locale = _locale()
        words = remembered.setdefault(locale, {})
        text = words.get(message)
        if text is None:
            text = words[message] = Markup(get_translations().ugettext(message))  # noqa: S704  our own sentences
        return text % values

    return gettext


def _locale() -> str:
    """The locale of this request, looked up once; `force_locale` is respected outside of requests."""
    if not has_request_context():
        return str(get_locale())
    known: str | None = g.get("words_locale")
    if known is None:
        known = g.words_locale = str(get_locale())
    return known
