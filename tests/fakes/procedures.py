"""Small procedures and ready answers for tests of intake, submission and screens."""

from __future__ import annotations

from typing import Any

from webapp import clock
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Person

BODY: dict[str, Any] = {
    "form": 1,
    "slug": "sample-certificate",
    "kind": "application",
    "title": {"ja": "見本証明書の請求", "en": "Sample certificate"},
    "summary": "試験のための手続きです。",
    "category": "certificates",
    "department": "citizens",
    "law": [{"name": "見本条例"}],
    "purpose_of_use": "証明書をお送りするために使います。",
    "retention": {"years": 1},
    "identity": {"level": "none"},
    "who": "どなたでも",
    "processing": {"within": {"business_days": 5}},
    "declaration": "内容に間違いはありません。",
    "once": {"same": ["applicant_name", "kind"], "within": {"days": 30}},
    "pages": [
        {
            "key": "what",
            "title": "請求するもの",
            "fields": [
                {
                    "key": "kind",
                    "label": "証明書の種類",
                    "type": "radio",
                    "options": [{"value": "full", "label": "全部"}, {"value": "part", "label": "一部"}],
                },
                {
                    "key": "which",
                    "label": "どの部分",
                    "type": "text",
                    "show_if": {"field": "kind", "is": "part"},
                },
                {"key": "copies", "label": "通数", "type": "integer", "min": 1, "max": 9},
            ],
        },
        {
            "key": "you",
            "title": "あなたのこと",
            "fields": [
                {"key": "applicant_name", "label": "氏名", "type": "text", "prefill": {"from": "name"}},
                {"key": "applicant_tel", "label": "電話番号", "type": "tel", "prefill": {"from": "tel"}},
                {
                    "key": "applicant_email",
                    "label": "メールアドレス",
                    "type": "email",
                    "required": False,
                    "prefill": {"from": "email"},
                },
                {
                    "key": "address",
                    "label": "住所",
                    "type": "address",
                    "required": False,
                    "prefill": {"from": "address"},
                },
            ],
        },
        {
            "key": "papers",
            "title": "書類と子ども",
            "fields": [
                {
                    "key": "photo",
                    "label": "本人確認の写真",
                    "type": "file",
                    "required": False,
                    "max_files": 2,
                    "max_mb": 1,
                },
                {
                    "key": "children",
                    "label": "子ども",
                    "type": "group",
                    "row": "子ども",
                    "required": False,
                    "max_rows": 3,
                    "fields": [
                        {"key": "name", "label": "名前", "type": "text"},
                        {"key": "birth", "label": "生年月日", "type": "date"},
                    ],
                },
            ],
        },
    ],
    "stops": [
        {
            "key": "too_many",
            "if": {"field": "copies", "at_least": 9},
            "at": "copies",
            "reason": "9通以上はオンラインで請求できません。",
            "instead": "窓口で請求してください。",
        }
    ],
    "fee": {
        "lines": [
            {
                "key": "each",
                "label": "手数料",
                "yen": 300,
                "quantity": {"field": "copies"},
                "citation": "見本条例",
            }
        ]
    },
}

ANSWERS: dict[str, Any] = {
    "kind": "full",
    "copies": 2,
    "applicant_name": "髙﨑 𠮷子",
    "applicant_tel": "0773661000",
}


def sample(**changes: Any) -> Definition:
    """The sample procedure; ``changes`` replace top-level keys."""
    return Definition.model_validate({**BODY, **changes})


def context(person: Person | None = None) -> Context:
    """Now, at the web counter."""
    now = clock.tokyo(clock.now())
    return Context(today=now.date(), now=now, person=person)
