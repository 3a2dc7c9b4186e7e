"""Every worked case of every procedure comes out as written; one test for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp.applications import process_cases
from webapp.city import load_city
from webapp.db import Database
from webapp.form_engine import cases
from webapp.form_engine.load import folders, load_definition

ROOT = Path(__file__).resolve().parents[2]
PLACES = [place for place in (ROOT / "forms", ROOT / "demo" / "forms") if place.is_dir()]


def worked() -> Iterator[object]:
    for folder in folders(PLACES):
        if not (folder / "cases.yaml").exists():
            continue
        for index, case in enumerate(cases.load(folder).cases):
            yield pytest.param(folder, index, id=f"{folder.name}: {case.name}")


@pytest.mark.parametrize(("folder", "index"), list(worked()))
def test_a_worked_case_comes_out(folder: Path, index: int) -> None:
    file = cases.load(folder)
    assert cases.run(load_definition(folder), file, file.cases[index]) == []


def played() -> Iterator[object]:
    for folder in folders(PLACES):
        for index, process in enumerate(cases.load(folder).processes):
            yield pytest.param(folder, index, id=f"{folder.name}: {process.name}")


@pytest.fixture(scope="module")
def empty() -> Iterator[Database]:
    with process_cases.stage() as database:
        yield database


@pytest.mark.parametrize(("folder", "index"), list(played()))
def test_a_worked_process_comes_out(empty: Database, folder: Path, index: int) -> None:
    file = cases.load(folder)
    city = load_city(ROOT / "demo")
    process = file.processes[index]
    assert process_cases.run(empty, city, folder, load_definition(folder), file, process) == []


@pytest.mark.parametrize("folder", [pytest.param(one, id=one.name) for one in folders(PLACES)])
def test_every_procedure_has_worked_cases(folder: Path) -> None:
    assert cases.load(folder).cases
