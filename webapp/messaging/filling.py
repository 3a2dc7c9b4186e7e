"""Fill a template's text with typed values in one language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from webapp import clock
from webapp.errors import InvalidInput
from webapp.messaging.templates import MARK, Placeholder
from webapp.yaml_source import Lang

_WEEKDAYS_JA: Final = "月火水木金土日"
_CONDITION: Final = re.compile(r"\{\?([a-z][a-z0-9_]*)\}(.*?)\{/\1\}\n?", re.DOTALL)


def fill(
    text: str,
    values: Mapping[str, Any],
    placeholders: Mapping[str, Placeholder],
    lang: Lang,
    *,
    public_only: bool,
) -> str:
    """Return ``text`` with its placeholders filled.

    ``{name}`` is a value, ``{?name}…{/name}`` stays when the value is there. With ``public_only``
    (LINE) a private placeholder raises InvalidInput instead of rendering.
    """

    def shown(name: str) -> str:
        spec = placeholders.get(name)
        if spec is None:
            raise InvalidInput(f"unknown placeholder {name!r}")
        if public_only and spec.privacy == "private":
            raise InvalidInput(f"private placeholder {name!r} may not go to LINE")
        value = values.get(name)
        return "" if value in (None, "", []) else format_value(value, spec, lang)

    kept = _CONDITION.sub(lambda match: match.group(2) if shown(match.group(1)) else "", text)
    return MARK.sub(lambda match: shown(match.group(2)), kept)


def format_value(value: Any, spec: Placeholder, lang: Lang) -> str:
    """Write one value as people read it. Raises InvalidInput when it is not of the placeholder's type."""
    try:
        match spec.type:
            case "date":
                return _date(value, lang)
            case "datetime":
                return _datetime(value, lang)
            case "yen":
                return f"¥{int(value):,}" if lang == "en" else f"{int(value):,}円"
            case "list":
                return "\n".join(f"・{_text(item, lang, spec.max)}" for item in value)
            case _:
                return _text(value, lang, spec.max)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{value!r} is not a {spec.type}") from error


def _text(value: Any, lang: Lang, longest: int) -> str:
    if isinstance(value, Mapping):
        value = (value.get(lang) if lang != "ja" else None) or value["ja"]
    words = "".join(letter for letter in str(value) if letter == "\n" or letter.isprintable())
    return words if len(words) <= longest else words[: longest - 1] + "…"


def _date(value: Any, lang: Lang) -> str:
    day = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
    if lang == "en":
        return f"{day.day} {day:%B %Y} ({day:%a})"
    return f"{day.year}年{day.month}月{day.day}日（{_WEEKDAYS_JA[day.weekday()]}）"


def _datetime(value: Any, lang: Lang) -> str:
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if instant.tzinfo is None:
        raise ValueError("naive")
    local = clock.tokyo(instant)
    time = f"{local:%H:%M}" if lang == "en" else f"{local.hour}時{local.minute:02d}分"
    return f"{_date(local.date(), lang)} {time}"
