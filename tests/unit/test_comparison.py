"""Card beside declaration: same, different, not asked, replaced characters, hidden."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from webapp import clock
from webapp.identity.residents import Asserted
from webapp.ports.identity import Level
from webapp.staff.comparison import compare

CARD = Asserted(
    provider="x",
    level=Level.CARD,
    name="髙橋　𠮷子",
    address="見本県みほん市中央一丁目2番3号",
    birth=date(1988, 4, 12),
    gender="2",
    name_substituted=False,
    address_substituted=False,
    simulated=True,
    seen_at=clock.now(),
)
SAME = {"name": "高橋 吉子", "birth": "1988年4月12日", "address": "見本県みほん市中央1-2-3"}


def differing(card: Asserted, **declared: str) -> list[str]:
    return [line.label for line in compare(card, declared, hide_address=False) if line.differs]


def test_variant_characters_and_ways_of_writing_are_no_difference() -> None:
    birth = next(line.asserted for line in compare(CARD, {}, hide_address=False) if line.label == "生年月日")
    assert differing(CARD, **(SAME | {"birth": birth})) == []


def test_every_difference_is_shown() -> None:
    other = {"name": "高橋 良子", "birth": "昭和63年4月13日（水）", "address": "見本県みほん市中央1-2-4"}
    assert differing(CARD, **other) == ["氏名", "生年月日", "住所"]


def test_what_was_not_asked_differs_from_nothing() -> None:
    assert differing(CARD) == []


def test_replaced_characters_prove_neither_likeness_nor_difference() -> None:
    line = compare(replace(CARD, name_substituted=True), {"name": "別人"}, hide_address=False)[0]
    assert (line.differs, line.substituted) == (False, True)


def test_a_protected_address_is_on_no_line() -> None:
    lines = compare(CARD, SAME, hide_address=True)
    assert [line.label for line in lines] == ["氏名", "生年月日"]


def test_an_unknown_birth_day_is_left_out() -> None:
    lines = compare(replace(CARD, birth=None), SAME, hide_address=False)
    assert [line.label for line in lines] == ["氏名", "住所"]
