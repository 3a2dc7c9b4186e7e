"""Every sentence of a resident's screen exists in やさしい日本語 and English."""

from __future__ import annotations

import ast

import pytest
from flask import Flask
from flask_babel import gettext

from tests.screens.translations import JAPANESE, ROOT, catalogue, placeholders, wanted
from webapp.web import languages

LOCALES = ["ja@easy", "en"]
# Japanese words that an English reader is meant to see.
KEPT_IN_ENGLISH = {"例：みほん銀行", "例：ミホン ハナコ"}


@pytest.fixture(scope="module")
def sentences() -> dict[str, list[str]]:
    return wanted()


@pytest.mark.parametrize("locale", LOCALES)
def test_no_sentence_is_missing(sentences: dict[str, list[str]], locale: str) -> None:
    known = {message.id: message.string for message in catalogue(locale) if message.id}
    missing = {text: files[0] for text, files in sentences.items() if not known.get(text)}
    assert not missing, f"add these to webapp/translations/{locale}/LC_MESSAGES/messages.po: {missing}"


@pytest.mark.parametrize("locale", LOCALES)
def test_a_translation_names_the_same_places(locale: str) -> None:
    wrong = [
        message.id
        for message in catalogue(locale)
        if message.id and message.string and placeholders(message.id) != placeholders(message.string)
    ]
    assert not wrong


@pytest.mark.parametrize("locale", LOCALES)
def test_no_catalogue_holds_what_no_screen_says(sentences: dict[str, list[str]], locale: str) -> None:
    assert {message.id for message in catalogue(locale) if message.id} <= sentences.keys()


def test_no_sentence_hides_in_an_f_string_where_it_is_not_found() -> None:
    hidden = [
        f"{path.relative_to(ROOT)}:{part.lineno}"
        for path in sorted((ROOT / "webapp").rglob("*.py"))
        for drawn in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(drawn, ast.JoinedStr)
        for part in ast.walk(drawn)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "_"
    ]
    assert not hidden, "the extraction does not look into f-strings: join the sentence outside of it"


def test_english_readers_see_no_japanese() -> None:
    left = [
        message.string
        for message in catalogue("en")
        if message.id not in KEPT_IN_ENGLISH and JAPANESE.search(str(message.string))
    ]
    assert not left


def test_a_reader_gets_the_sentence_in_the_language_of_the_link() -> None:
    app = Flask("look")
    languages.install(app)
    for language, shown in (("ja", "戻る"), ("easy", "もどる"), ("en", "Back")):
        with app.test_request_context(f"/?lang={language}"):
            assert gettext("戻る") == shown
