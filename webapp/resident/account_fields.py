"""The profile as rows to read and as fields to fill in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _

from webapp.identity.residents import Asserted
from webapp.resident.applicant import address_parts
from webapp.web.filters import date_text
from webapp.web.widgets import FieldView


def declared_rows(profile: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return label and text of everything declared."""
    shown = {**profile, "birth": _birth_text(profile.get("birth"))}
    return [(label, _text(shown.get(key))) for key, label in _labels().items()]


def asserted_rows(
    card: Asserted, profile: Mapping[str, Any], *, is_group: bool = False
) -> list[tuple[str, str, bool]]:
    """Return label, text and whether it differs from what is declared, for what card or account say."""
    genders = {"1": _("男"), "2": _("女"), "9": _("記載なし")}
    birth = card.birth.isoformat() if card.birth else ""
    declared_address = _text(profile.get("address"))
    rows = [
        (
            _("名前") if is_group else _("氏名"),
            card.name,
            bool(profile.get("name")) and profile["name"] != card.name,
        ),
        (
            _("住所"),
            card.address,
            bool(declared_address) and _squeezed(declared_address) != _squeezed(card.address),
        ),
    ]
    if is_group:
        return rows
    return [
        *rows,
        (
            _("生年月日"),
            _birth_text(birth) or _("月日の記録がありません"),
            bool(birth and profile.get("birth", birth) != birth),
        ),
        (_("性別"), genders.get(card.gender, ""), False),
    ]


def typed_from(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored profile in the shape of the form."""
    typed = dict(profile)
    if isinstance(typed.get("address"), str):
        typed["address"] = address_parts(typed["address"])
    return typed


def fields(typed: Mapping[str, Any], wrong: Mapping[str, str]) -> list[FieldView]:
    """Return the form's fields with what was typed and what is wrong with it."""
    says = {
        "missing": _("氏名を入力してください。"),
        "long": _("200文字以内で入力してください。"),
        "kana": _("全角カタカナで入力してください。"),
        "date": _("正しい日付を入力してください。例：1985年4月12日"),
        "tel": _("0から始まる10けたか11けたの番号を入力してください。"),
        "email": _("メールアドレスの形が正しくありません。@と、その後ろを確かめてください。"),
        "postal": _("郵便番号は7けたの数字で入力してください。"),
    }
    kinds = {
        "name": "text",
        "kana": "kana",
        "birth": "date",
        "address": "address",
        "tel": "tel",
        "email": "email",
    }
    completes = {"name": "name", "birth": "bday", "address": "street-address", "tel": "tel", "email": "email"}
    return [
        FieldView(
            path=key,
            id=key,
            name=key,
            type=kinds[key],
            label=label,
            required=key == "name",
            value=typed.get(key),
            errors=[says[wrong[key]]] if key in wrong else [],
            autocomplete=completes.get(key),
        )
        for key, label in _labels().items()
    ]


def _labels() -> dict[str, str]:
    return {
        "name": _("氏名"),
        "kana": _("フリガナ"),
        "birth": _("生年月日"),
        "address": _("住所"),
        "tel": _("電話番号"),
        "email": _("メールアドレス"),
    }


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        postal = str(value.get("postal") or "")
        line = "".join(str(value.get(part) or "") for part in ("prefecture", "city", "town", "block"))
        parts = [f"〒{postal[:3]}-{postal[3:]}" if postal else "", line, str(value.get("building") or "")]
        return " ".join(part for part in parts if part)
    return str(value or "")


def _birth_text(value: str | None) -> str:
    """A stored day (ISO) in the reader's words; what is no day stays as it was written."""
    try:
        return date_text(date.fromisoformat(value or ""), with_weekday=False)
    except ValueError:
        return value or ""


def _squeezed(text: str) -> str:
    if text.startswith("〒"):
        text = text.partition(" ")[2]
    return "".join(text.split())
