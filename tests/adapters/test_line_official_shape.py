"""Every LINE body we send, checked against LINE's official description, and by our own linter.

Without the description the shape checks warn that they compared nothing; the linter still runs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import line_shapes
from tests.fakes.line_shapes import Check, NotComparedWithLine, official
from webapp.chat import rich_menu
from webapp.chat.pieces import menu_taps, page, text
from webapp.messaging import line_lint, line_message, templates
from webapp.messaging.notices import Notice, line_messages
from webapp.yaml_source import LANGS, Lang, Text

LIBRARY = templates.load()
URL = "https://mihon.example/l/abcdefghijklmnopqrstuvwx"


def samples() -> list[tuple[str, list[dict[str, Any]]]]:
    made: list[tuple[str, list[dict[str, Any]]]] = []
    for lang in LANGS:
        made += [(f"{event} {lang}", _event(event, lang)) for event in sorted(LIBRARY.templates)]
        notice = Notice(Text(ja="断水のお知らせ"), Text(ja="工事のため" * 150), Text(ja="届いた理由"), URL)
        made.append((f"notice {lang}", line_messages(notice, lang, "みほん市")))
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
def check() -> Check | None:
    return official()


@pytest.mark.parametrize(("name", "messages"), samples())
def test_every_body_passes_our_linter(name: str, messages: list[dict[str, Any]]) -> None:
    assert line_lint.complaints(messages) == []


def test_every_body_fits_the_official_description(check: Check | None) -> None:
    if check is None:
        return
    for name, messages in samples():
        push = json.loads(line_message.push_request("U" + "0" * 32, messages))
        assert check("PushMessageRequest", push) == [], name
        many = json.loads(line_message.multicast_request(["U" + "0" * 32], messages))
        assert check("MulticastRequest", many) == [], name
    for lang in LANGS:
        assert check("RichMenuRequest", rich_menu.definition(lang, b"")) == []


@pytest.mark.parametrize(
    "message",
    [
        {"type": "text"},
        {"type": "hologram"},
        {"type": "sticker", "packageId": "1"},
        {"type": "flex", "contents": {"type": "bubble"}},
        {"type": "flex", "altText": "a", "contents": {"type": "bubble", "body": {"type": "box", "layout": "diagonal", "contents": []}}},
        {"type": "text", "text": "a", "quickReply": {"items": [{"type": "action", "action": {"type": "hologram"}}]}},
    ],
)  # fmt: skip
def test_the_deepened_description_refuses_what_the_raw_one_lets_through(
    check: Check | None, message: dict[str, Any]
) -> None:
    assert check is None or check("PushMessageRequest", {"to": "U1", "messages": [message]})


def test_a_run_without_the_description_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LINE_OPENAPI_DIR", raising=False)
    monkeypatch.setattr(line_shapes, "BESIDE", tmp_path)
    with pytest.warns(NotComparedWithLine, match="NOT used"):
        assert line_shapes.complaints("push", {"anything": "goes"}) == []


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
