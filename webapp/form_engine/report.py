"""``forms check``: everything that is wrong with procedures, at once, and whether their cases come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TextIO

from webapp.form_engine import cases
from webapp.form_engine.load import folders, load_with_source
from webapp.form_engine.model import Definition
from webapp.form_engine.proof import prove
from webapp.yaml_source import Complaint, Source, SourceErrors

Processes = Callable[[Path, Definition, cases.CaseFile, Source], Iterable[Complaint]]
"""Plays the process cases of one procedure through the services; needs a database, so it is handed in."""


@dataclass(frozen=True)
class Line:
    """One procedure that could be loaded: its cases, and how many branches the walk saw."""

    folder: str
    cases: int
    covered: int
    branches: int

    def __str__(self) -> str:
        return f"{self.folder}: {self.cases} cases, {self.covered} of {self.branches} branches walked"


@dataclass
class Checked:
    """What the check of some folders found."""

    procedures: int = 0
    cases: int = 0
    errors: list[Complaint] = field(default_factory=list)
    warnings: list[Complaint] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


def run(places: Sequence[Path], out: TextIO, *, today: date, processes: Processes) -> int:
    """Check every procedure below ``places`` and print each finding as ``file:line:column: what, instead``.

    ``today`` (Tokyo) is the day from which the walk through the branches looks. Ends with
    ``N procedures, M cases, K errors``; returns 1 when there is an error, else 0.
    """
    checked = check(places, today=today, processes=processes)
    for line in checked.lines:
        print(line, file=out)
    for complaint in sorted(checked.warnings, key=_place):
        print(f"warning: {complaint}", file=out)
    for complaint in sorted(checked.errors, key=_place):
        print(complaint, file=out)
    if checked.warnings:
        print(f"{len(checked.warnings)} warnings", file=out)
    print(f"{checked.procedures} procedures, {checked.cases} cases, {len(checked.errors)} errors", file=out)
    return 1 if checked.errors else 0


def check(places: Sequence[Path], *, today: date, processes: Processes) -> Checked:
    """Check every procedure below ``places``; nothing stops at the first mistake."""
    checked = Checked()
    slugs: dict[str, Path] = {}
    for folder in folders(places):
        checked.procedures += 1
        try:
            definition, source = load_with_source(folder)
        except SourceErrors as wrong:
            checked.errors += wrong.complaints
            continue
        if definition.slug in slugs:
            what = f"slug {definition.slug!r} stands twice, also in {slugs[definition.slug]}"
            checked.errors.append(source.complain(("slug",), what, "rename one"))
        slugs[definition.slug] = folder
        proof = prove(definition, source, today)
        checked.errors += proof.errors
        checked.warnings += proof.warnings
        before = checked.cases
        _run_cases(folder, definition, source, checked, processes)
        checked.lines.append(
            Line(folder.name, checked.cases - before, proof.walk.covered, proof.walk.branches)
        )
    return checked


def _run_cases(
    folder: Path, definition: Definition, source: Source, checked: Checked, processes: Processes
) -> None:
    if not (folder / "cases.yaml").exists():
        what, instead = "there is no cases.yaml", "write examples beside form.yaml, see README.md"
        checked.errors.append(source.complain(("slug",), what, instead))
        return
    try:
        file, case_source = cases.load_with_source(folder)
    except SourceErrors as wrong:
        checked.errors += wrong.complaints
        return
    checked.cases += len(file.cases) + len(file.processes)
    checked.errors += cases.complaints(definition, file, case_source)
    if file.processes:
        checked.errors += processes(folder, definition, file, case_source)


def _place(complaint: Complaint) -> tuple[str, int, int, str]:
    return complaint.file, complaint.line, complaint.column, complaint.what
