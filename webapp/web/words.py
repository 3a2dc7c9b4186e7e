"""`_()` of the templates, without the ten lookups that Flask-Babel makes for each word.

A page of forty questions asks for two hundred words; here each costs one dictionary lookup. The
meaning is that of Jinja's newstyle gettext: the text is markup, values are escaped into it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_babel import get_translations
from markupsafe import Markup

from webapp.web.languages import lang
from webapp.yaml_source import Lang

Remembered = dict[Lang, dict[str, Markup]]


def install(app: Flask) -> None:
    """Replace the templates' `_` and `gettext`; call after Flask-Babel was set up."""
    quick = _quick({})
    app.jinja_env.globals.update(_=quick, gettext=quick)


def _quick(remembered: Remembered) -> Callable[..., Markup]:
    def gettext(message: str, **values: Any) -> Markup:
        words = remembered.setdefault(lang(), {})
        text = words.get(message)
        if text is None:
            text = words[message] = Markup(get_translations().ugettext(message))  # noqa: S704  our own sentences
        return text % values if values or "%" in text else text

    return gettext
