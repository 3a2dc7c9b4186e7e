"""LINE's limits that its official description does not catch: what just fits passes, one more does not."""

from __future__ import annotations

from typing import Any

import pytest

from webapp.messaging.line_lint import complaints, utf16
from webapp.messaging.line_message import bubble

Message = dict[str, Any]


def text(words: str, taps: int = 0) -> Message:
    items = [{"type": "action", "action": {"type": "postback", "label": "a", "data": "d"}}] * taps
    return {"type": "text", "text": words, **({"quickReply": {"items": items}} if taps else {})}


def flex(alt: str = "a", size: int = 0, bubbles: int = 1) -> Message:
    one = {
        "type": "bubble",
        "body": {"type": "box", "layout": "vertical", "contents": [], "note": "x" * size},
    }
    contents = one if bubbles == 1 else {"type": "carousel", "contents": [one] * bubbles}
    return {"type": "flex", "altText": alt, "contents": contents}


def button(label: str = "a", uri: str = "https://mihon.example/") -> Message:
    return bubble("市", "words", "", (label, uri)) | {"altText": "a"}


def labelled(letters: int) -> Message:
    message = button()
    message["contents"]["footer"]["contents"][0]["action"]["label"] = "あ" * letters
    return message


BUBBLE = 30 * 1024 - len(
    '{"type":"bubble","body":{"type":"box","layout":"vertical","contents":[],"note":""}}'
)


@pytest.mark.parametrize(
    ("fits", "too_much", "about"),
    [
        ([text("a")] * 5, [text("a")] * 6, "messages: 6"),
        ([text("a")], [], "messages: 0"),
        ([text("あ" * 5000)], [text("あ" * 5001)], "messages[0].text: 5001"),
        ([text("𠮷" * 2500)], [text("𠮷" * 2501)], "messages[0].text: 5002"),
        ([text("a")], [text("  ")], "messages[0].text: empty"),
        ([text("a", 13)], [text("a", 14)], "messages[0].quickReply: 14"),
        ([flex("a" * 1500)], [flex("a" * 1501)], "messages[0].altText: 1501"),
        ([flex("a")], [flex("")], "messages[0].altText: empty"),
        ([flex(size=BUBBLE)], [flex(size=BUBBLE + 1)], "bubble[0]: 30721 bytes"),
        ([flex(bubbles=12)], [flex(bubbles=13)], "messages[0].contents: 13 bubbles"),
        ([flex(size=20_000, bubbles=2)], [flex(size=18_000, bubbles=3)], "at most 51200"),
        ([labelled(40)], [labelled(41)], "label: longer than 40"),
        (
            [button(uri="https://mihon.example/" + "a" * 900)],
            [button(uri="https://m.example/" + "a" * 999)],
            "uri: longer",
        ),
        ([button(uri="tel:0000551111")], [button(uri="http://mihon.example/")], "write an https address"),
        ([text("a")], [{"type": "hologram"}], "'hologram' is not used"),
        ([text("a")], [{"type": "text"}], "messages[0].text: empty"),
    ],
)
def test_a_limit_of_line(fits: list[Message], too_much: list[Message], about: str) -> None:
    assert complaints(fits) == []
    found = complaints(too_much)
    assert any(about in complaint for complaint in found), found


def test_rare_kanji_count_twice() -> None:
    assert utf16("𠮷野家") == 4
