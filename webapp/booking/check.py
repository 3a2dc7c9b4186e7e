"""`facilities check`: prove facility files before anybody books by them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TextIO

from webapp.booking import check_names, check_pay, check_prices, check_times
from webapp.booking.facility import Facility, Worked
from webapp.booking.load import facility_files, form_complaints, load_forms
from webapp.booking.worked import agrees, outcome
from webapp.form_engine.load import Library
from webapp.form_engine.texts import texts_below
from webapp.tariff.prices import NoPrice
from webapp.tariff.quote import quote
from webapp.tariff.table import PriceRow, Table
from webapp.tariff.usage import Usage
from webapp.yaml_source import Complaint, Source, SourceErrors, read, validate

PROOFS: tuple[Callable[[Source, Facility], Iterator[Complaint]], ...] = (
    check_names.rooms_exist,
    check_names.keys_are_unique,
    check_names.purposes_have_words,
    check_names.facts_are_known,
    check_times.open_at_all,
    check_times.bands_fit,
    check_times.rooms_fit,
    check_times.windows_open,
    check_times.refunds_descend,
    check_pay.methods_are_some,
    check_pay.invoices_are_proved,
    check_prices.prices_are_complete,
    check_prices.extras_are_complete,
    check_prices.tables_follow,
    check_prices.brackets_meet,
)


@dataclass
class Findings:
    """What a check found. Warnings do not fail it."""

    facilities: int = 0
    cases: int = 0
    cells: int = 0
    errors: list[Complaint] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def run(dirs: Sequence[Path], out: TextIO) -> int:
    """Check all files of the folders, write every finding; returns 0 without errors, else 1."""
    findings = check(dirs)
    for warning in findings.warnings:
        out.write(f"warning: {warning}\n")
    for error in sorted(findings.errors, key=lambda e: (e.file, e.line, e.column)):
        out.write(f"{error}\n")
    out.write(f"{findings.cells} printed prices reproduced, {len(findings.warnings)} warnings\n")
    out.write(f"{findings.facilities} facilities, {findings.cases} cases, {len(findings.errors)} errors\n")
    return 1 if findings.errors else 0


def check(dirs: Sequence[Path]) -> Findings:
    """Load and prove every file; one broken file does not hide the others."""
    findings = Findings()
    slugs: set[str] = set()
    try:
        forms = load_forms(dirs)
    except SourceErrors as errors:
        findings.errors += errors.complaints
        forms = Library({})
    for path in facility_files(dirs):
        try:
            source = read(path)
            facility = validate(source, Facility)
        except SourceErrors as errors:
            findings.errors += errors.complaints
            continue
        findings.facilities += 1
        if facility.slug in slugs:
            findings.errors.append(source.complain(("slug",), f"slug {facility.slug!r} twice", "rename one"))
        slugs.add(facility.slug)
        findings.errors += form_complaints(source, facility, forms)
        check_facility(source, facility, findings)
    return findings


def check_facility(source: Source, facility: Facility, findings: Findings) -> None:
    """All proofs of one file."""
    for proof in PROOFS:
        findings.errors += proof(source, facility)
    for table in facility.tariffs:
        findings.cells += sum(_count(row) for row in table.rows)
        findings.warnings += [f"{facility.slug}: {reading}" for reading in table.readings]
        findings.warnings += [f"{facility.slug}: {w}" for row in table.rows for w in _oddities(facility, row)]
    findings.warnings += list(_missing_words(source, facility))
    findings.errors += list(_printed(source, facility, findings))
    findings.errors += list(_cases(source, facility, findings))


def _count(row: PriceRow) -> int:
    figures = len([v for v in row.yen.values() if v is not None]) if isinstance(row.yen, dict) else 1
    return len(row.rooms) * (figures + (row.first is not None) + (row.overtime_yen is not None))


def _oddities(facility: Facility, row: PriceRow) -> Iterator[str]:
    if row.as_printed:
        yield f"{'・'.join(row.rooms)}: printed figure kept ({row.note or 'odd beside its neighbours'})"


def _missing_words(source: Source, facility: Facility) -> Iterator[str]:
    for where, text in texts_below(facility):
        if missing := text.missing():
            what = f"{text.ja!r} without {' and '.join(missing)}"
            yield str(source.complain(where, what, "add it; until then the Japanese is shown"))


def _printed(source: Source, facility: Facility, findings: Findings) -> Iterator[Complaint]:
    for t, table in enumerate(facility.tariffs):
        for n, oracle in enumerate(table.printed):
            for room in oracle.rooms:
                for band, yen in oracle.yen.items():
                    findings.cells += 1
                    got = _one(table, room, oracle.date, band, oracle.facts)
                    if got != yen:
                        place = ("tariffs", t, "printed", n, "yen", band)
                        yield source.complain(
                            place, f"{room} {band}: computed {got}, printed {yen}", "mend the rule"
                        )


def _one(table: Table, room: str, day: date, band: str, facts: dict[str, str | int | bool]) -> int | str:
    try:
        return quote(table, Usage(room, day, bands=(band,), facts=facts)).total_yen
    except NoPrice as missing:
        return f"no price ({missing})"


def _cases(source: Source, facility: Facility, findings: Findings) -> Iterator[Complaint]:
    for number, case in enumerate(facility.cases):
        findings.cases += 1
        yield from _case(source, facility, case, ("cases", number))
        if case.status == "ambiguous":
            findings.warnings.append(f"{facility.slug}: {case.name}: {case.reading or 'no reading given'}")


def _case(
    source: Source, facility: Facility, case: Worked, place: tuple[str | int, ...]
) -> Iterator[Complaint]:
    if case.kind == "reading":
        if not case.reading:
            yield source.complain(place, f"{case.name}: no reading", "write reading: which choice is used")
        return
    try:
        actual = outcome(facility, case)
    except (KeyError, ValueError, TypeError) as error:
        yield source.complain(
            (*place, "given"), f"{case.name}: {error!r}", "see docs/facilities.md for what is given"
        )
        return
    if not agrees(case.expect, actual):
        yield source.complain((*place, "expect"), f"{case.name}: expected {case.expect!r}, got {actual!r}")
