"""Every LINE body we send, checked against LINE's official description, and by our own linter.

The description is not part of this repository. ``LINE_OPENAPI_DIR`` names a folder with
``messaging-api.yml``; without it the shape checks are skipped and say so, the linter still runs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.fakes.line_shapes import deepen
from webapp.chat.pieces import menu_taps, page, text
from webapp.messaging import line_lint, line_message, templates
from webapp.messaging.notices import Notice, line_messages
from webapp.yaml_source import LANGS, Lang, Text

LIBRARY = templates.load()
FOLDER = os.environ.get("LINE_OPENAPI_DIR", "")
URL = "https://mihon.example/l/abcdefghijklmnopqrstuvwx"


def samples() -> list[tuple[str, list[dict[str, Any]]]]:
    made: list[tuple[str, list[dict[str, Any]]]] = []
    for lang in LANGS:
        made += [(f"{event} {lang}", _event(event, lang)) for event in sorted(LIBRARY.templates)]
        notice = Notice(Text(ja="断水のお知らせ"), Text(ja="工事のため" * 150), Text(ja="届いた理由"), URL)
        made.append(
            (f"notice {lang}", line_messages(notice, lang, "みほん市", "https://mihon.example/topics"))
        )
        made.append(
            (
                f"chat {lang}",
                [text("こちらでしょうか。", menu_taps(lang)), page("みほん市", "言葉", "開く", URL)],
            )
        )
    return made


def _event(event: str, lang: Lang) -> list[dict[str, Any]]:
    return line_message.render(
        LIBRARY.template(event),
        LIBRARY.frame,
        LIBRARY.placeholders,
        lang=lang,
        values={},
        url=URL,
        city="みほん市",
    )


@pytest.fixture(scope="module")
def check() -> Callable[[str, dict[str, Any]], list[str]]:
    if not FOLDER:
        pytest.skip("LINE_OPENAPI_DIR is not set: LINE's official description was not used")
    from jsonschema import Draft202012Validator

    spec = deepen(YAML(typ="safe").load(Path(FOLDER) / "messaging-api.yml"))

    def _check(name: str, body: dict[str, Any]) -> list[str]:
        schema = {"$ref": f"#/components/schemas/{name}", "components": spec["components"]}
        return [error.message[:200] for error in Draft202012Validator(schema).iter_errors(body)]

    return _check


@pytest.mark.parametrize(("name", "messages"), samples())
def test_every_body_passes_our_linter(name: str, messages: list[dict[str, Any]]) -> None:
    assert line_lint.complaints(messages) == []


def test_every_body_fits_the_official_description(check: Callable[[str, dict[str, Any]], list[str]]) -> None:
    for name, messages in samples():
        push = json.loads(line_message.push_request("U" + "0" * 32, messages))
        assert check("PushMessageRequest", push) == [], name
        many = json.loads(line_message.multicast_request(["U" + "0" * 32], messages))
        assert check("MulticastRequest", many) == [], name


@pytest.mark.parametrize(
    "message", [{"type": "text"}, {"type": "hologram"}, {"type": "flex", "contents": {}}]
)
def test_the_deepened_description_refuses_what_the_raw_one_lets_through(
    check: Callable[[str, dict[str, Any]], list[str]], message: dict[str, Any]
) -> None:
    assert check("PushMessageRequest", {"to": "U1", "messages": [message]})


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"type": "text", "text": "𠮷" * 2501}, "5002 characters"),
        ({"type": "text", "text": " "}, "empty"),
        ({"type": "flex", "altText": "あ" * 1501, "contents": {"type": "bubble"}}, "1501 characters"),
        (line_message.bubble("a", "b", "", ("c", "http://mihon.example")), "https"),
        (line_message.bubble("a", "b" * 40_000, "", None), "bytes"),
        ({"type": "text", "text": "a", "quickReply": {"items": [{}] * 14}}, "14 items"),
    ],
)
def test_the_linter_knows_limits_the_description_does_not(message: dict[str, Any], words: str) -> None:
    assert words in " ".join(line_lint.complaints([message]))
