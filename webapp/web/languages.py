"""Japanese, やさしい日本語 and English: which one a reader sees, and the catalogues of the screens.

The message ids are the Japanese sentences themselves. The .po files are read at the start and kept in
memory: there is no compiled file that could be older than its source.
"""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale

from webapp.yaml_source import LANGS, Lang

COOKIE = "lang"
PARAMETER = "lang"
YEAR_IN_SECONDS = 365 * 24 * 3600
LOCALES: dict[Lang, str] = {"ja": "ja", "easy": "ja@easy", "en": "en"}
HTML_LANG: dict[Lang, str] = {"ja": "ja", "easy": "ja", "en": "en"}
LABELS: dict[Lang, str] = {"ja": "日本語", "easy": "やさしい日本語", "en": "English"}
TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"


class PoDomain(Domain):
    """The catalogues of `webapp/translations/<locale>/LC_MESSAGES/messages.po`, compiled in memory."""

    def __init__(self, folder: Path = TRANSLATIONS) -> None:
        super().__init__(str(folder))
        self._catalogues = {locale: _compiled(folder, locale) for locale in LOCALES.values()}

    def get_translations(self) -> NullTranslations:
        return self._catalogues[LOCALES[lang()]]


def install(app: Flask) -> None:
    """Set up Flask-Babel, the choice of language and the cookie that remembers it."""
    babel = Babel()
    babel.init_app(app, default_locale="ja", default_timezone="Asia/Tokyo", locale_selector=_chosen_locale)
    babel.domain_instance = PoDomain()
    app.after_request(_remember)


def lang() -> Lang:
    """Return the language of the request; outside of one that of `force_locale`, or `ja`."""
    if not has_request_context():
        return _lang_of(get_locale())
    known: Lang | None = g.get("lang")
    if known is None:  # a page asks hundreds of times, and Babel spells a locale out anew each time
        known = g.lang = _lang_of(get_locale())
    return known


def _lang_of(locale: Locale | None) -> Lang:
    shown = str(locale or "ja")
    return next((key for key, name in LOCALES.items() if name == shown), "ja")


def _chosen_locale() -> str:
    return LOCALES[_chosen()]


def _chosen() -> Lang:
    """`?lang=` first, then the cookie, then Japanese. Staff screens are Japanese only."""
    if not has_request_context() or request.path.startswith("/staff"):
        return "ja"
    for wish in (request.args.get(PARAMETER), request.cookies.get(COOKIE)):
        if wish in LANGS:
            return wish
    return "ja"


def _remember(response: Response) -> Response:
    wish = request.args.get(PARAMETER)
    if wish in LANGS and wish != request.cookies.get(COOKIE):
        response.set_cookie(
            COOKIE, wish, max_age=YEAR_IN_SECONDS, secure=request.is_secure, httponly=True, samesite="Lax"
        )
    return response


def _compiled(folder: Path, locale: str) -> NullTranslations:
    source = folder / locale / "LC_MESSAGES" / "messages.po"
    if not source.exists():
        return NullTranslations()
    return _read(source, locale, source.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(source: Path, locale: str, _changed: int) -> NullTranslations:
    with source.open("rb") as file:
        catalogue = read_po(file, locale=locale)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
