from typing import Any

import pytest

from webapp.documents import render as documents
from webapp.documents.glyphs import missing

FRAME: dict[str, Any] = {
    "title": "住民票の写しの交付について",
    "number": "26-4839-1572",
    "date": "令和8年11月21日",
    "sample": True,
    "city": "みほん市",
    "to": {"name": "髙﨑 𠮷子", "honorific": "様"},
    "from": {
        "department": "市民課",
        "tel": "0000-00-0000",
        "email": "",
        "hours": "平日8時30分から17時15分まで",
        "address": "",
    },
}
ROWS = [{"label": "通数", "text": "2通"}, {"label": "住所", "text": "みほん町1-2\n見本荘101"}]
MORE: dict[str, dict[str, Any]] = {
    "receipt": {
        "lead": "受け付けました。",
        "arrived": "令和8年11月21日 10時05分",
        "rows": ROWS,
        "password": "k7mp-2wx9",
        "lookup": "https://example.lg.jp/lookup",
        "sections": [{"title": "申請の内容", "rows": ROWS}],
    },
    "notice": {"body": "郵送しました。\n数日でお手元に届きます。", "rows": ROWS},
    "decision_accept": {"body": "承認。", "rows": [], "conditions": "期間を守ること。", "instruction": "教示文"},
    "decision_refuse": {"body": "不承認。", "rows": [], "reasons": "要件に合わないため。", "instruction": "教示文"},
    "correction": {
        "body": "次のところを直してください。",
        "deadline": "令和8年12月4日",
        "items": [{"label": "住所", "reason": "誤り", "note": "番地を書いてください。"}],
    },
    "letter": {"body": "一つ目の段落。\n\n二つ目の段落。"},
}


def test_every_template_has_an_example_here() -> None:
    assert documents.templates() == sorted(MORE)


@pytest.mark.parametrize("template", sorted(MORE))
def test_a_template_becomes_a_tagged_pdf_with_a_title(template: str) -> None:
    made = documents.render(template, {**FRAME, **MORE[template]})
    assert made.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in made or b"/ObjStm" in made


def test_a_character_without_a_glyph_is_named_instead_of_a_box() -> None:
    with pytest.raises(documents.Unprintable) as caught:
        documents.render("letter", {**FRAME, "body": "𓀀さん"})
    assert caught.value.characters == ["𓀀"]
    assert "U+13000" in (caught.value.say or "")


def test_names_with_rare_kanji_and_variation_selectors_are_printable() -> None:
    assert missing(["髙﨑𠮷子", "葛\U000e0100城", "①㈱"]) == []
