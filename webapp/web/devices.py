"""A browser's own description, brought down to two words that people recognise."""

from __future__ import annotations

from flask_babel import gettext as _

SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
)
BROWSERS = (
    ("Line/", "LINE"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)


def device_name(user_agent: str) -> str:
    """Return such as ``iPhone・Safari``."""
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    return "・".join(part for part in (system, browser) if part) or _("端末の種類はわかりません")
