"""Parsed data files remembered by their hash: the same data, the same complaints, never yesterday's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp import parsed_files, yaml_source
from webapp.yaml_source import SourceErrors, parse


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    before = parsed_files._folder
    parsed_files.remember_in(tmp_path / "cache")
    yield tmp_path / "cache"
    parsed_files.remember_in(before)


TEXT = "# a note\nname: 窓口\nopen: 9:00\nlist:\n  - one\n  - no\nsince: 2026-04-01\n"


def test_the_second_reading_gives_the_same_data_without_the_parser(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = parse(TEXT, name="a.yaml")
    monkeypatch.setattr(yaml_source, "_load", lambda *_: pytest.fail("parsed again"))
    assert parse(TEXT, name="b.yaml").data == first.data


def test_a_complaint_from_memory_names_the_same_place(memory: Path) -> None:
    first, second = parse(TEXT, name="a.yaml"), parse(TEXT, name="a.yaml")
    assert second.position(["list", 1]) == first.position(["list", 1]) == (6, 5)


def test_a_changed_text_is_never_answered_from_memory(memory: Path) -> None:
    parse(TEXT, name="a.yaml")
    assert parse(TEXT.replace("9:00", "10:00"), name="a.yaml").data["open"] == "10:00"


def test_keys_that_json_would_change_are_not_kept(memory: Path) -> None:
    assert parse("1: one\n", name="a.yaml").data == {1: "one"}
    assert parse("1: one\n", name="a.yaml").data == {1: "one"}
    assert not list(memory.glob("*.json"))


def test_a_damaged_memory_costs_time_and_nothing_else(memory: Path) -> None:
    data = parse(TEXT, name="a.yaml").data
    for kept in memory.glob("*.json"):
        kept.write_text("{")
    assert parse(TEXT, name="a.yaml").data == data


def test_a_mistake_is_not_remembered(memory: Path) -> None:
    for _ in range(2):
        with pytest.raises(SourceErrors, match=r"a\.yaml:2:1: found duplicate key"):
            parse("name: one\nname: two\n", name="a.yaml")
