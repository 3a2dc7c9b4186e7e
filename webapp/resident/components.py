"""Every component on one page, for those who write screens; in the sample city only."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, render_template

from webapp import clock
from webapp.errors import NotFound
from webapp.web.guards import public
from webapp.web.services import services
from webapp.web.widgets import FieldView, RowView, dom_id

blueprint = Blueprint("components", __name__)
CHOICES = [
    ("one", "本人", None),
    ("two", "同じ世帯の人", "住民票が同じ人"),
    ("three", "代理人", "委任状が必要です"),
]
PHOTO = {"file_id": "a1", "name": "玄関の写真.jpg", "size": 1_340_000, "type": "image/jpeg"}
LONG_CHOICES = [
    (f"t{n}", f"{name}町", None) for n, name in enumerate(("本", "栄", "旭", "緑", "港", "西", "東"))
]


@blueprint.get("/components")
@public
def components() -> str:
    """Draw all of them, with and without errors. Raises NotFound in production."""
    if not services().settings.is_demo:
        raise NotFound("components are shown in the sample city only")
    fields = _plain_fields() + _group_fields()
    errors = [(field.id, text) for field in fields for text in field.errors]
    return render_template(
        "resident/components_components.html",
        fields=fields,
        errors=errors,
        entries=_timeline(),
        messages=_thread(),
        sections=_sections(),
    )


def _view(path: str, kind: str, label: str, **more: Any) -> FieldView:
    return FieldView(path=path, id=dom_id(path), name=path, type=kind, label=label, **more)


def _plain_fields() -> list[FieldView]:
    return [
        _view(
            "name",
            "text",
            "氏名",
            required=True,
            autocomplete="name",
            value="髙﨑 𠮷子",
            provenance="マイナンバーカードの情報です",
        ),
        _view(
            "locked",
            "text",
            "生年月日",
            value="昭和63年4月12日",
            readonly=True,
            readonly_reason="カードの情報は、ここでは変えられません。",
        ),
        _view(
            "kana",
            "kana",
            "氏名（フリガナ）",
            required=True,
            hint="カタカナで書いてください。",
            errors=["フリガナを書いてください。例 タカサキ ヨシコ"],
        ),
        _view("tel", "tel", "電話番号", required=True, autocomplete="tel", hint="日中つながる番号"),
        _view("email", "email", "メールアドレス", hint="なくてもかまいません。"),
        _view("copies", "integer", "通数", unit="通", required=True, value=2),
        _view("hour", "time", "希望の時刻"),
        _view(
            "reason",
            "textarea",
            "理由",
            max_length=200,
            value="引っ越しのため",
            help="使いみちを短く書いてください。",
        ),
        _view("postal", "postal", "郵便番号", value="9999901", lookup=True),
        _view(
            "town", "select", "町名", options=LONG_CHOICES, required=True, errors=["町名を選んでください。"]
        ),
    ]


def _group_fields() -> list[FieldView]:
    child = [
        _view("children[r1].name", "text", "子どもの氏名", required=True),
        _view("children[r1].birth", "date", "子どもの生年月日", required=True),
    ]
    return [
        _view(
            "birth",
            "date",
            "生年月日",
            required=True,
            value={"_raw": {"year": "昭和63", "month": "13", "day": "1"}},
            errors=["月は1から12までの数字で書いてください。"],
            wrong_parts=frozenset({"month"}),
        ),
        _view("from_month", "month", "利用を始める月", value="2027-04"),
        _view(
            "address",
            "address",
            "住所",
            required=True,
            autocomplete="address",
            value={"postal": "9999901", "prefecture": "見本県", "city": "みほん市", "town": "中央"},
            note="番地が書かれていません。書き足してください。",
        ),
        _view("who", "radio", "どなたが申請しますか", required=True, options=CHOICES, value="two"),
        _view(
            "yes_no", "radio", "すでにお持ちですか", options=[("yes", "はい"), ("no", "いいえ")], inline=True
        ),
        _view("items", "multiselect", "記載するもの", options=CHOICES, value=["one", "three"]),
        _view(
            "agree",
            "checkbox",
            "書いたことに間違いはありません",
            required=True,
            errors=["内容を確かめて、チェックしてください。"],
        ),
        _view(
            "photo",
            "file",
            "写真",
            value=[PHOTO],
            limits="JPEG・PNG・PDF / 1つ10MBまで / 3個まで",
            max_files=3,
            accept=".jpg,.png,.pdf",
        ),
        _view("place", "place", "場所"),
        _view(
            "children",
            "group",
            "子ども",
            rows=[RowView("r1", child, "子ども 1")],
            add_label="子どもを追加する",
        ),
    ]


def _timeline() -> list[dict[str, Any]]:
    now = clock.now()
    return [
        {"title": "受け付けました", "at": now - timedelta(days=3), "by": "市民課"},
        {
            "title": "直していただきたいところがあります",
            "at": now - timedelta(days=1),
            "text": "2か所です。",
            "url": "#main",
        },
        {"title": "確認しています", "at": now, "current": True},
    ]


def _thread() -> list[dict[str, Any]]:
    now = clock.now()
    return [
        {
            "by": "市民課",
            "at": now - timedelta(hours=3),
            "text": "免許証の裏面も送ってください。",
            "mine": False,
        },
        {"by": "あなた", "at": now, "text": "送りました。\nよろしくお願いします。", "mine": True},
    ]


def _sections() -> list[dict[str, Any]]:
    rows = [
        {"label": "氏名", "text": "髙﨑 𠮷子", "provenance": "マイナンバーカードの情報です"},
        {"label": "電話番号", "text": "0000-55-1201", "change_url": "#f-tel"},
        {"label": "理由", "text": "", "change_url": "#f-reason"},
        {
            "label": "通数",
            "text": "2通",
            "changed": True,
            "note": "1通から変わりました",
            "change_url": "#f-copies",
        },
    ]
    return [{"title": "申請する人", "rows": rows}]
