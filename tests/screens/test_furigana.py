"""Readings on the screens: all of them in やさしい日本語, the hard words of a procedure in plain Japanese."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.counter import counter, sign_in
from tests.fakes.library import VISITOR, base, load
from webapp.intake import drafts

TYPED = "北町（きたまち）"
HOUSE = "<ruby>登記名義人<rp>（</rp><rt>とうきめいぎにん</rt><rp>）</rp></ruby>"


@pytest.fixture
def page(database_url: str, tmp_path: Path) -> Callable[[str], str]:
    """A page of a draft, by its address."""
    definition = load("vacant-house")
    app = counter(database_url, tmp_path, definition)
    client = app.test_client()
    owner = drafts.Owner(sign_in(app, client))
    answers = {**base("vacant-house"), "has_co_owners": "yes", "co_owners": [{"id": "r1", "name": TYPED}]}
    with app.extensions["madoguchi"].database.transaction() as session:
        draft = drafts.start(session, definition, owner, lang="ja", actor=VISITOR, answers=answers)
        token = draft.token
    return lambda where: client.get(f"/apply/{token}/{where}&mend=1").text


def test_easy_japanese_draws_readings_in_title_labels_and_sentences_of_the_house(
    page: Callable[[str], str],
) -> None:
    shown = page("pages/house?lang=easy")
    assert "<ruby>家<rp>（</rp><rt>いえ</rt><rp>）</rp></ruby>" in shown
    assert "家（いえ）" not in shown.split("<main", 1)[1]


def test_plain_japanese_draws_only_the_readings_its_author_gave(page: Callable[[str], str]) -> None:
    shown = page("pages/house?lang=ja")
    assert HOUSE in shown and "<ruby>居住誘導区域<rp>" in shown
    assert shown.count("<ruby>") == 2


def test_english_draws_none(page: Callable[[str], str]) -> None:
    assert "<ruby>" not in page("pages/house?lang=en")


def test_what_was_typed_stays_as_it_was_typed(page: Callable[[str], str]) -> None:
    assert f'value="{TYPED}"' in page("pages/house?lang=easy")
    assert TYPED in page("check?lang=easy")
