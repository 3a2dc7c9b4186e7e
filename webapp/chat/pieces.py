"""Small parts of chat messages: text with taps, answers as bubbles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from webapp.chat.search import Hit
from webapp.chat.words import MENU, WORDS
from webapp.messaging.line_message import bubble
from webapp.yaml_source import Lang

Message = dict[str, Any]
MOST_TAPS: Final = 13


def say(key: str, lang: Lang) -> str:
    """Return the chat's words."""
    return WORDS[key].in_(lang)


def text(words: str, taps: Sequence[tuple[str, str]] = ()) -> Message:
    """A text with quick replies: (label, postback data)."""
    message: Message = {"type": "text", "text": words}
    if taps:
        items = [{"type": "action", "action": _tap(label, data)} for label, data in taps[:MOST_TAPS]]
        message["quickReply"] = {"items": items}
    return message


def page(city: str, words: str, label: str, url: str) -> Message:
    """A bubble with one button that opens a page."""
    return bubble(city, words, "", (label, url))


def hit(city: str, found: Hit, lang: Lang) -> Message:
    """One answer with its page and the office's hours."""
    lines = [found.title.in_(lang), "", found.text.in_(lang)]
    if found.tel:
        lines.append(f"{say('tel', lang)} {found.tel}")
    if found.hours is not None:
        lines.append(f"{say('hours', lang)} {found.hours.in_(lang)}")
    button = (say("open", lang), found.url) if found.url else None
    return bubble(city, "\n".join(lines), "", button)


def menu_taps(lang: Lang) -> list[tuple[str, str]]:
    """The main menu as quick replies, for phones where the rich menu is closed."""
    return [(say(f"menu_{name}", lang), f"do={name}") for name in MENU]


def _tap(label: str, data: str) -> dict[str, str]:
    return {"type": "postback", "label": label[:20], "data": data, "displayText": label[:300]}
