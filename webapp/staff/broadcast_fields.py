"""The form of a notice, and the ages its birth months mean."""

from __future__ import annotations

from typing import Any, Final

from werkzeug.datastructures import MultiDict

from webapp import clock
from webapp.city import City
from webapp.messaging.broadcasts import Draft
from webapp.messaging.topic_models import Broadcast
from webapp.web.widgets import FieldView
from webapp.yaml_source import LANGS

_LANG_WORDS: Final = {"ja": "日本語", "easy": "やさしい日本語", "en": "英語"}


def typed_of(draft: Draft) -> MultiDict[str, str]:
    """Return a draft as a posted form."""
    typed: MultiDict[str, str] = MultiDict({"topic": draft.topic, "url": draft.url, "lane": draft.lane})
    typed["born_from"], typed["born_to"] = draft.born_from, draft.born_to
    typed.setlist("areas", list(draft.areas))
    for lang in LANGS:
        typed[f"title_{lang}"] = getattr(draft.title, lang) or ""
        typed[f"body_{lang}"] = getattr(draft.body, lang) or ""
    return typed


def typed_of_row(row: Broadcast) -> MultiDict[str, str]:
    """Return a stored notice as a posted form."""
    typed: MultiDict[str, str] = MultiDict(
        {"topic": row.topic, "url": row.texts.get("url", ""), "lane": row.lane}
    )
    typed["born_from"], typed["born_to"] = row.born_from, row.born_to
    typed["send_at"] = f"{clock.tokyo(row.send_at):%Y-%m-%dT%H:%M}" if row.send_at else ""
    typed.setlist("areas", list(row.areas))
    for lang in LANGS:
        typed[f"title_{lang}"] = row.texts["title"].get(lang) or ""
        typed[f"body_{lang}"] = row.texts["body"].get(lang) or ""
    return typed


def fields(typed: MultiDict[str, str], errors: dict[str, str], city: City) -> list[FieldView]:
    """Return the form's fields with what was typed."""

    def make(name: str, kind: str, label: str, **more: Any) -> FieldView:
        value = typed.getlist(name) if kind == "multiselect" else typed.get(name, "")
        wrong = [errors[name]] if name in errors else []
        return FieldView(name, name, name, kind, label, value=value, errors=wrong, **more)

    topics = [(topic.key, topic.name.ja, None) for topic in city.topics if topic.key != "procedures"]
    areas = [(area.key, area.name.ja, None) for area in city.areas]
    lanes = [
        ("bulk", "ふつう（21時から7時は送らない）", None),
        ("emergency", "緊急（すぐに送る。防災だけ）", None),
    ]
    made = [
        make("topic", "select", "お知らせの種類", required=True, options=topics),
        make("lane", "radio", "急ぎ方", required=True, options=lanes),
        make("areas", "multiselect", "地域", options=areas, hint="選ばないと、登録した人の全員に送ります。"),
        make("born_from", "text", "子どもの生まれた年月（から）", hint="例: 2024-04"),
        make("born_to", "text", "子どもの生まれた年月（まで）", hint="例: 2025-03"),
    ]
    for lang in LANGS:
        needed = lang == "ja"
        words = _LANG_WORDS[lang]
        made.append(make(f"title_{lang}", "text", f"見出し（{words}）", required=needed, max_length=60))
        made.append(make(f"body_{lang}", "textarea", f"本文（{words}）", required=needed, max_length=1000))
    made.append(make("url", "text", "くわしい案内のページ", hint="https:// から。無ければ空欄のまま。"))
    made.append(make("send_at", "text", "送る日時", hint="例: 2026-12-01T09:00。空欄なら承認のあとすぐ。"))
    for error, field in (("title", "title_ja"), ("body", "body_ja")):
        for one in made:
            if one.name == field and error in errors:
                one.errors = [errors[error]]
    return made


def ages(born_from: str, born_to: str) -> str:
    """Say how old the children are this month: 「0歳8か月から1歳7か月まで」."""
    young, old = _age(born_to), _age(born_from)
    return "".join((f"{young}から" if young else "", f"{old}まで" if old else ""))


def _age(month: str) -> str:
    if not month:
        return ""
    today, (year, number) = clock.today(), (int(part) for part in month.split("-"))
    months = max(0, today.year * 12 + today.month - year * 12 - number)
    return f"{months // 12}歳{months % 12}か月"


def count_field(errors: dict[str, str]) -> FieldView:
    """Return the box for the number of people that the approver types."""
    wrong = [errors["count"]] if "count" in errors else []
    return FieldView("count", "count", "count", "integer", "届く人数", unit="人", required=True, errors=wrong)
