"""Everything that is written into the trail can be read there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from webapp.casework.states import LIVES
from webapp.staff.audit_words import OBJECTS, action_words

SOURCES = sorted((Path(__file__).resolve().parents[2] / "webapp").rglob("*.py"))
WRITERS = ("record", "_record", "_note", "viewed", "audit")


def calls() -> Iterator[ast.Call]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(
                getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", "")
            )
            if isinstance(node, ast.Call) and name in WRITERS:
                yield node


def constants(call: ast.Call) -> Iterator[str]:
    for one in (*call.args, *(word.value for word in call.keywords if word.arg == "action")):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def test_every_action_has_words() -> None:
    written = {
        text for call in calls() for text in constants(call) if text.count(".") == 1 and " " not in text
    }
    assert len(written) > 60
    assert sorted(text for text in written if action_words(text) == text) == []


def test_every_step_of_a_case_has_words() -> None:
    steps = {f"case.{key}" for life in LIVES.values() for key in life.steps}
    assert sorted(text for text in steps if action_words(text) == text) == []


def test_every_kind_of_object_has_words() -> None:
    kinds = {
        word.value.value
        for call in calls()
        for word in call.keywords
        if word.arg == "object_kind" and isinstance(word.value, ast.Constant)
    }
    assert "case" in kinds
    assert sorted(kinds - set(OBJECTS)) == []
