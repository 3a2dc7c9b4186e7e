"""Every LINE body we send, checked against LINE's official description, and by our own linter.

The description is not part of this repository. ``LINE_OPENAPI_DIR`` names a folder with
``messaging-api.yml``; else ``shared/line-openapi`` beside the repository is taken. Without either the
shape checks warn that they compared nothing; the linter still runs.
"""

from __future__ import annotations

import json
import os
import warnings
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
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "line-openapi"
FILE = Path(os.environ.get("LINE_OPENAPI_DIR") or BESIDE) / "messaging-api.yml"
Check = Callable[[str, dict[str, Any]], list[str]]
URL = "https://mihon.example/l/abcdefghijklmnopqrstuvwx"


def samples() -> list[tuple[str, list[dict[str, Any]]]]:
    made: list[tuple[str, list[dict[str, Any]]]] = []
    for lang in LANGS:
        made += [(f"{event} {lang}", _event(event, lang)) for event in sorted(LIBRARY.templates)]
        notice = Notice(Text(ja="断水のお知らせ"), Text(ja="工事のため" * 150), Text(ja="届いた理由"), URL)
        made.append(
            (f"notice {lang}", line_messages(notice, lang, "みほん市"))
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


class NotComparedWithLine(UserWarning):
    """The run says nothing about the shape that LINE itself describes."""


def official() -> Check | None:
    """The check against LINE's description; None, with a warning, where there is none."""
    if not FILE.is_file() and not os.environ.get("LINE_OPENAPI_DIR"):
        say = "LINE's official description was NOT used: name its folder in LINE_OPENAPI_DIR"
        warnings.warn(say, NotComparedWithLine, stacklevel=2)
        return None
    from jsonschema import Draft202012Validator

    spec = deepen(YAML(typ="safe").load(FILE))

    def _check(name: str, body: dict[str, Any]) -> list[str]:
        schema = {"$ref": f"#/components/schemas/{name}", "components": spec["components"]}
        return [error.message[:200] for error in Draft202012Validator(schema).iter_errors(body)]

    return _check


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


@pytest.mark.parametrize(
    "message", [{"type": "text"}, {"type": "hologram"}, {"type": "flex", "contents": {}}]
)
def test_the_deepened_description_refuses_what_the_raw_one_lets_through(
    check: Check | None, message: dict[str, Any]
) -> None:
    assert check is None or check("PushMessageRequest", {"to": "U1", "messages": [message]})


def test_a_run_without_the_description_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LINE_OPENAPI_DIR", raising=False)
    monkeypatch.setitem(globals(), "FILE", tmp_path / "messaging-api.yml")
    with pytest.warns(NotComparedWithLine, match="NOT used"):
        assert official() is None


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
