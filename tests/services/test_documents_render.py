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
    "decision_accept": {
        "body": "承認。",
        "rows": [],
        "conditions": "期間を守ること。",
        "instruction": "教示文",
    },
    "decision_refuse": {
        "body": "不承認。",
        "rows": [],
        "reasons": "要件に合わないため。",
        "instruction": "教示文",
    },
    "correction": {
        "body": "次のところを直してください。",
        "deadline": "令和8年12月4日",
        "items": [{"label": "住所", "reason": "誤り", "note": "番地を書いてください。"}],
    },
    "letter": {"body": "一つ目の段落。\n\n二つ目の段落。"},
    "payment_receipt": {
        "total": "2,300円",
        "purpose": "体育館の使用料",
        "lines": [
            {"label": "使用料", "quantity": "1", "unit": "2,000円", "amount": "2,000円", "tax": "10%"},
            {"label": "麦茶※", "quantity": "2", "unit": "150円", "amount": "300円", "tax": "8%"},
        ],
        "shares": [{"label": "10%対象", "text": "2,000円(うち消費税 181円)"}],
        "rows": ROWS,
        "issuer": [{"label": "名称", "text": "みほん市"}],
    },
    "payment_refund": {"rows": ROWS, "shares": ROWS, "issuer": ROWS, "instruction": "教示文"},
    "payment_request": {
        "total": "2,300円",
        "purpose": "体育館の使用料",
        "rows": ROWS,
        "issuer": [{"label": "名称", "text": "みほん市"}],
    },
    "permit": {
        "facility": "みほん体育館",
        "manager": "みほんスポーツサービス",
        "group": "みほん朗読の会",
        "event": "春の朗読会",
        "uses": [{"when": "6月10日 午前", "room": "半面A", "persons": "10人", "yen": "2,000円"}],
        "lines": [{"label": "午前", "how": "2,000円", "yen": "2,000円", "citation": "別表"}],
        "total": "2,000円",
        "conditions": ["火を使わないこと。"],
        "limited": ["延長は認めません。"],
        "instruction": "教示文",
        "issued": "令和8年5月11日",
        "qr": '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>',
        "address": "https://mihon.example/cases/26-4839-1572",
    },
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
