"""Finding by plain words."""

from __future__ import annotations

import pytest

from webapp.form_engine.search import Entry, Index

TITLES = {
    "juminhyo": "住民票の写しの請求",
    "sodai": "粗大ごみの収集申込",
    "water": "水道の使用開始・中止の届出",
    "tax": "所得証明書・課税証明書の請求",
    "club": "放課後児童クラブの入会",
    "dog": "犬の登録",
}
SYNONYMS = [["粗大ごみ", "大型ごみ", "ソファ"], ["児童クラブ", "学童"], ["住民票", "residence certificate"]]


@pytest.fixture(scope="module")
def index() -> Index[str]:
    return Index.build([Entry(key, [(title, 8.0), (key, 2.0)]) for key, title in TITLES.items()], SYNONYMS)


def best(index: Index[str], question: str) -> str | None:
    found = index.find(question)
    return found[0][0] if found else None


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("住民", "juminhyo"), ("粗大", "sodai"), ("水道", "water"), ("課税", "tax"), ("犬", "dog"),
        ("ﾕｳ 犬", None), ("学童", "club"), ("ソファ", "sodai"), ("そふぁ", "sodai"),
        ("大型ごみを捨てたい", "sodai"), ("住民票がほしい", "juminhyo"),
        ("Residence Certificate", "juminhyo"),
        ("ＪＵＭＩＮＨＹＯ", "juminhyo"), ("証明 所得", "tax"), ("！？", None), ("   ", None),
    ],
)  # fmt: skip
def test_a_question_finds_what_it_means(index: Index[str], question: str, key: str | None) -> None:
    assert best(index, question) == key


def test_every_word_divided_by_spaces_must_be_met(index: Index[str]) -> None:
    assert index.find("住民票 犬") == []


def test_a_title_that_holds_the_whole_word_comes_before_one_that_resembles_it(index: Index[str]) -> None:
    assert best(index, "証明書") == "tax"
