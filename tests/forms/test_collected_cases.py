"""Every worked case of the collected procedures stands in some cases.yaml, named there as its source.

The collection lies beside the repository where it was worked on. Where it is missing, nothing can be
compared: the test says so with a warning. The worked cases themselves run everywhere (test_cases).
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path

from webapp.form_engine import cases
from webapp.form_engine.load import folders

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT.parent / "shared" / "cases" / "procedures"
NO_APPLICATIONS = {"p24", "p38", "p42", "p43"}
"""Slots, group visits by head count and a survey: capacity and one-time numbers belong elsewhere."""


def sources() -> set[str]:
    """What our cases and processes name as their source."""
    files = [cases.load(folder) for folder in folders([ROOT / "forms"])]
    named = [one.source for file in files for one in (*file.cases, *file.processes)]
    return {source for source in named if source}


def collected() -> Iterator[str]:
    """The ids of the collected cases of applications: ``p01 #1``."""
    for file in sorted(COLLECTION.glob("p*.json")):
        name = file.name.partition("-")[0]
        if name not in NO_APPLICATIONS:
            for number, _ in enumerate(json.loads(file.read_text())["worked_cases"], start=1):
                yield f"{name} #{number}"


def test_every_collected_case_of_an_application_has_its_own() -> None:
    wanted = list(collected())
    if not wanted:
        warnings.warn("the collected cases are not here; nothing was compared", stacklevel=1)
        return
    assert [one for one in wanted if one not in sources()] == []


def test_no_case_names_a_source_that_is_not_there() -> None:
    wanted = set(collected())
    if not wanted:
        warnings.warn("the collected cases are not here; nothing was compared", stacklevel=1)
        return
    assert sources() <= wanted
