"""Residents read a sentence for everything that is recorded on a case, never the name of an event."""

from __future__ import annotations

import ast
from pathlib import Path

from webapp.casework.states import LIVES
from webapp.casework.timeline import WORDS
from webapp.settings import ROOT


def recorded() -> dict[str, str]:
    """Every event that the sources write on a timeline, with the file that does."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "webapp").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and _is_record(call.func):
                found |= dict.fromkeys(_texts(call.args[2]), _name(path))
    return found


def _is_record(called: ast.expr) -> bool:
    if not isinstance(called, ast.Attribute) or not isinstance(called.value, ast.Name):
        return False
    return called.value.id == "timeline" and called.attr in ("record", "record_all")


def _texts(node: ast.expr) -> list[str]:
    """The texts an argument can be: a literal, either side of a choice, the keys of a mapping."""
    if isinstance(node, ast.Dict):
        return [text for key in node.keys if key is not None for text in _texts(key)]
    if isinstance(node, ast.IfExp):
        return _texts(node.body) + _texts(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_sources_record_events() -> None:
    assert {"opened", "booking_changed", "message_from_staff", "message_from_resident"} <= recorded().keys()


def test_every_recorded_event_has_words() -> None:
    assert {event: file for event, file in recorded().items() if event not in WORDS} == {}


def test_every_step_of_every_kind_has_words() -> None:
    assert {step for life in LIVES.values() for step in life.steps} <= WORDS.keys()


def test_the_words_are_there_in_every_language() -> None:
    assert [event for event, text in WORDS.items() if not (text.ja and text.easy and text.en)] == []
