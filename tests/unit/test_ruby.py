"""Readings become <ruby>, and nothing else of a page changes."""

from __future__ import annotations

import re

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.web.ruby import drawn

RUBY = "<ruby>手続<rp>（</rp><rt>てつづ</rt><rp>）</rp></ruby>き"


def test_a_reading_behind_its_word_is_drawn_over_it() -> None:
    assert drawn("<p>手続（てつづ）き</p>", {}, inline=True) == f"<p>{RUBY}</p>"


def test_plain_japanese_keeps_its_brackets_and_draws_the_words_of_the_procedure() -> None:
    page = drawn(
        "<label>氏名（ふりがな）と登記名義人</label>", {"登記名義人": "とうきめいぎにん"}, inline=False
    )
    assert page.startswith("<label>氏名（ふりがな）と<ruby>登記名義人<rp>")


def test_the_longer_of_two_known_words_wins() -> None:
    page = drawn(
        "名義人と登記名義人", {"名義人": "めいぎにん", "登記名義人": "とうきめいぎにん"}, inline=False
    )
    assert page.count("<ruby>") == 2 and "<ruby>登記名義人<rp>" in page


@pytest.mark.parametrize(
    "page",
    [
        "<head><title>手続（てつづ）き</title></head>",
        '<input value="手続（てつづ）き">',
        "<textarea>手続（てつづ）き</textarea>",
        "<select><option>手続（てつづ）き</option></select>",
        "<script>'手続（てつづ）き'</script>",
        "<dd data-as-typed><span>手続（てつづ）き</span></dd>",
        '<p data-as-typed><br>手続（てつづ）き<img src="a"></p>',
        "<!-- 手続（てつづ）き -->",
    ],
)
def test_what_is_text_only_or_typed_by_people_is_left_alone(page: str) -> None:
    assert drawn(page, {"手続": "てつづ"}, inline=True) == page


def test_after_what_was_left_alone_drawing_goes_on() -> None:
    assert drawn("<p data-as-typed><b>手</b></p><p>手続（てつづ）き</p>", {}, inline=True).endswith(
        f"<p>{RUBY}</p>"
    )


@given(st.text(st.sampled_from("手続みほん市（）てつづ<>&; a\n"), max_size=40))
def test_only_known_readings_are_added_to_the_text_of_a_page(text: str) -> None:
    page = f"<div>{text.replace('<', '&lt;').replace('>', '&gt;')}</div>"
    plain = re.compile(r"\s+")

    def read(source: str) -> str:
        return plain.sub(" ", "".join(html5lib.parseFragment(source).itertext()))

    assert read(drawn(page, {"市": "し"}, inline=True)).replace("（し）", "") == read(page).replace(
        "（し）", ""
    )
