"""LINE's limits, those that its official description does not catch included.

Sources: Messaging API reference (flex message, bubble, text, actions); see docs of LINE Developers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

MOST_MESSAGES: Final = 5
MOST_TEXT: Final = 5000
MOST_ALT: Final = 1500
MOST_BUBBLE_BYTES: Final = 30 * 1024
MOST_CAROUSEL_BYTES: Final = 50 * 1024
MOST_BUBBLES: Final = 12
MOST_QUICK: Final = 13
MOST_URL: Final = 1000
MOST_LABEL: Final = 40


def complaints(messages: list[dict[str, Any]]) -> list[str]:
    """Return what LINE would refuse or cut, as ``messages[0].altText: …``; empty when all is well."""
    found = (
        []
        if 1 <= len(messages) <= MOST_MESSAGES
        else [f"messages: {len(messages)}, write 1 to {MOST_MESSAGES}"]
    )
    for number, message in enumerate(messages):
        found += _message(message, f"messages[{number}]")
    return found


def utf16(text: str) -> int:
    """Length as LINE counts it: UTF-16 units, so 𠮷 counts twice."""
    return len(text.encode("utf-16-le")) // 2


def _message(message: dict[str, Any], at: str) -> Iterator[str]:
    kind = message.get("type")
    if kind == "text":
        yield from _text(message.get("text"), f"{at}.text")
    elif kind == "flex":
        yield from _flex(message, at)
    else:
        yield f"{at}.type: {kind!r} is not used by this system, write text or flex"
    items = message.get("quickReply", {}).get("items", [])
    if len(items) > MOST_QUICK:
        yield f"{at}.quickReply: {len(items)} items, at most {MOST_QUICK}"
    yield from _actions(message, at)


def _text(text: Any, at: str) -> Iterator[str]:
    if not isinstance(text, str) or not text.strip():
        yield f"{at}: empty, write words"
    elif utf16(text) > MOST_TEXT:
        yield f"{at}: {utf16(text)} characters, at most {MOST_TEXT}"


def _flex(message: dict[str, Any], at: str) -> Iterator[str]:
    alt = message.get("altText")
    if not isinstance(alt, str) or not alt.strip():
        yield f"{at}.altText: empty, write words"
    elif utf16(alt) > MOST_ALT:
        yield f"{at}.altText: {utf16(alt)} characters, at most {MOST_ALT}"
    contents = message.get("contents")
    if not isinstance(contents, dict):
        yield f"{at}.contents: missing"
        return
    bubbles = contents.get("contents", []) if contents.get("type") == "carousel" else [contents]
    if len(bubbles) > MOST_BUBBLES:
        yield f"{at}.contents: {len(bubbles)} bubbles, at most {MOST_BUBBLES}"
    if _size(contents) > MOST_CAROUSEL_BYTES:
        yield f"{at}.contents: {_size(contents)} bytes, at most {MOST_CAROUSEL_BYTES}"
    for number, bubble in enumerate(bubbles):
        if _size(bubble) > MOST_BUBBLE_BYTES:
            yield f"{at}.bubble[{number}]: {_size(bubble)} bytes, at most {MOST_BUBBLE_BYTES}"


def _actions(node: Any, at: str) -> Iterator[str]:
    if isinstance(node, list):
        for number, part in enumerate(node):
            yield from _actions(part, f"{at}[{number}]")
    elif isinstance(node, dict):
        action = node.get("action")
        if isinstance(action, dict):
            yield from _action(action, f"{at}.action")
        for key, part in node.items():
            if key != "action":
                yield from _actions(part, f"{at}.{key}")
        if node.get("type") == "text" and "layout" not in node and at.count(".") > 1 and not node.get("text"):
            yield f"{at}.text: empty, write words"


def _action(action: dict[str, Any], at: str) -> Iterator[str]:
    label = action.get("label")
    if isinstance(label, str) and utf16(label) > MOST_LABEL:
        yield f"{at}.label: longer than {MOST_LABEL}"
    if action.get("type") == "uri":
        uri = action.get("uri")
        if not isinstance(uri, str) or not uri.startswith(
            ("https://", "http://localhost", "http://127.0.0.1", "tel:")
        ):
            yield f"{at}.uri: {uri!r}, write an https address"
        elif len(uri) > MOST_URL:
            yield f"{at}.uri: longer than {MOST_URL}"
    if action.get("type") == "postback" and utf16(str(action.get("data", ""))) > 300:
        yield f"{at}.data: longer than 300"


def _size(node: Any) -> int:
    return len(json.dumps(node, ensure_ascii=False, separators=(",", ":")).encode())
