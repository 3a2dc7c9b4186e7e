"""A procedure that asks one question of every kind, alone, in a group and one group deeper."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.fakes.procedures import BODY
from webapp import clock
from webapp.calendar.business import city_hall
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context

OPTIONS = ("one", "two", "three")
SECRET = "見えない答え"
SIMPLE = (
    "text", "textarea", "kana", "integer", "decimal", "money", "date", "month", "year", "time", "postal",
    "address", "tel", "email", "radio", "select", "multiselect", "checkbox", "file", "place",
)  # fmt: skip


def question(kind: str) -> dict[str, Any]:
    """The plainest question of this kind."""
    made: dict[str, Any] = {"key": kind, "type": kind, "label": f"質問{kind}", "required": False}
    if kind in ("radio", "select", "multiselect"):
        made["options"] = [{"value": value, "label": f"選択肢{value}"} for value in OPTIONS]
    return made


def hidden(ticked: str) -> dict[str, Any]:
    """A question that nobody sees: it shows only without the box ticked."""
    return {
        "key": "hidden",
        "type": "text",
        "label": "見えない質問",
        "required": False,
        "show_if": {"not": {"field": ticked, "is": True}},
    }


@cache
def every_type() -> Definition:
    """The procedure; its fee grows by 5000 yen for a hidden answer, so a leak would cost."""
    inner = {
        "key": "inner", "type": "group", "label": "内側", "row": "内側の行", "required": False,
        "fields": [question("text")],
    }  # fmt: skip
    group = {
        "key": "group", "type": "group", "label": "外側", "row": "外側の行", "required": False,
        "fields": [*map(question, SIMPLE), hidden(".checkbox"), inner],
    }  # fmt: skip
    fields = [*map(question, SIMPLE), hidden("checkbox"), group]
    lines = [
        {"key": "base", "label": "手数料", "yen": 300, "citation": "見本条例"},
        {
            "key": "more", "label": "加算", "yen": 5000, "citation": "見本条例",
            "if": {"field": "hidden", "is": SECRET},
        },
    ]  # fmt: skip
    changed = {"pages": [{"key": "plain", "title": "すべて", "fields": fields}], "fee": {"lines": lines}}
    body = {key: value for key, value in BODY.items() if key not in ("stops", "once")}
    return Definition.model_validate({**body, "slug": "every-type", **changed})


def context() -> Context:
    """Now, at the web counter."""
    now = clock.tokyo(clock.now())
    return Context(today=now.date(), now=now, calendar=city_hall())
