"""Make the messages of a LINE request: one bubble with fixed words and one button."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from webapp.messaging.filling import fill
from webapp.messaging.templates import Frame, Placeholder, Template
from webapp.yaml_source import Lang


def render(
    template: Template,
    frame: Frame,
    placeholders: Mapping[str, Placeholder],
    *,
    lang: Lang,
    values: Mapping[str, Any],
    url: str | None,
    city: str,
) -> list[dict[str, Any]]:
    """Return the messages. Raises InvalidInput when a private placeholder would reach LINE."""
    words = fill(template.line.text.in_(lang), values, placeholders, lang, public_only=True)
    why = frame.line_why.in_(lang).replace("{why}", template.why.in_(lang))
    button = None if url is None else (template.line.button.in_(lang), url)
    return [bubble(city, words, why, button)]


def bubble(
    heading: str,
    words: str,
    small: str,
    button: tuple[str, str] | None,
    more: tuple[tuple[str, str], ...] = (),
) -> dict[str, Any]:
    """Return a flex message. The alternative text shows on the lock screen: public words, like the rest.

    A button is its label and where it leads: an address, or the data of a tap that answers in the talk.
    """
    contents: list[dict[str, Any]] = [
        {"type": "text", "text": heading, "size": "sm", "color": "#626264"},
        {"type": "text", "text": words, "wrap": True, "size": "md"},
    ]
    if small:
        contents.append({"type": "text", "text": small, "wrap": True, "size": "xs", "color": "#626264"})
    message: dict[str, Any] = {
        "type": "bubble",
        "body": {"type": "box", "layout": "vertical", "spacing": "md", "contents": contents},
    }
    buttons = [*([button] if button else []), *more]
    if buttons:
        message["footer"] = {
            "type": "box",
            "layout": "vertical",
            "spacing": "sm",
            "contents": [
                _button(label, target, primary=(label, target) == button) for label, target in buttons
            ],
        }
    return {"type": "flex", "altText": f"{heading}: {words}"[:400], "contents": message}


def push_request(user_id: str, messages: list[dict[str, Any]]) -> bytes:
    """Return the frozen body of a push."""
    return json.dumps({"to": user_id, "messages": messages}, ensure_ascii=False).encode()


def multicast_request(user_ids: list[str], messages: list[dict[str, Any]]) -> bytes:
    """Return the frozen body of a multicast to at most 500 users."""
    return json.dumps({"to": user_ids, "messages": messages}, ensure_ascii=False).encode()


def _button(label: str, target: str, *, primary: bool) -> dict[str, Any]:
    action = {"type": "uri", "label": label[:40], "uri": target}
    if "://" not in target and not target.startswith("tel:"):
        action = {"type": "postback", "label": label[:40], "data": target, "displayText": label[:300]}
    return {"type": "button", "style": "primary" if primary else "secondary", "action": action}
