"""`facilities check`: prove facility files before anybody books by them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TextIO

from webapp.booking.facility import Band, Facility, Room, Worked
from webapp.booking.load import facility_files, form_complaints, load_forms
from webapp.booking.moments import Days, closes_at, opens_at
from webapp.booking.times import DAY_MINUTES, instant, minutes
from webapp.booking.worked import agrees, outcome
from webapp.calendar.business import city_hall
from webapp.form_engine.load import Library
from webapp.tariff.facts import names
from webapp.tariff.prices import NoPrice, band_yen
from webapp.tariff.quote import quote
from webapp.tariff.table import PriceRow, Table
from webapp.tariff.usage import Usage
from webapp.yaml_source import Complaint, Source, SourceErrors, read, validate

BUILT_IN = frozenset({"ticket", "resident", "commercial", "day", "month", "persons", "group_class"})


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
    for proof in (bands_fit, rooms_fit, facts_are_known, windows_open, refunds_descend, prices_are_complete):
        findings.errors += proof(source, facility)
    for table in facility.tariffs:
        findings.cells += sum(_count(row) for row in table.rows)
        findings.warnings += [f"{facility.slug}: {reading}" for reading in table.readings]
        findings.warnings += [f"{facility.slug}: {w}" for row in table.rows for w in _oddities(facility, row)]
    findings.errors += list(_printed(source, facility, findings))
    findings.errors += list(_cases(source, facility, findings))


def bands_fit(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Bands that overlap, cover unknown ones, or lie outside the opening hours."""
    opening = facility.opening
    for name, bands in facility.bands.items():
        keys = {band.key for band in bands}
        singles = sorted((b for b in bands if not b.covers), key=lambda b: b.begins)
        for first, second in pairwise(singles):
            if second.begins < first.ends:
                place = ("bands", name, bands.index(second), "start")
                yield source.complain(
                    place, f"band {second.key!r} overlaps {first.key!r}", "move start: or end:"
                )
        for number, band in enumerate(bands):
            here = ("bands", name, number)
            if missing := [key for key in band.covers if key not in keys]:
                yield source.complain((*here, "covers"), f"band {missing[0]!r} does not exist", "name a band")
            elif band.covers and not _spans(band, bands):
                hint = "write the start of the first and the end of the last covered band"
                yield source.complain(here, f"band {band.key!r} is not as long as what it covers", hint)
            if opening and not (minutes(opening.start) <= band.begins and band.ends <= _closing(facility)):
                yield source.complain(
                    here, f"band {band.key!r} lies outside the opening hours", "mend one of them"
                )


def rooms_fit(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Rooms with an unknown band set, no way to choose a time, or parts that are none."""
    for number, room in enumerate(facility.rooms):
        if room.bands is not None and room.bands not in facility.bands:
            hint = f"write one of {sorted(facility.bands)}"
            yield source.complain(("rooms", number, "bands"), f"band set {room.bands!r} does not exist", hint)
        if room.mode == "hours" and facility.opening is None:
            hint = "write opening:, or give the room bands: or sessions:"
            yield source.complain(("rooms", number), f"no times for room {room.key!r}", hint)
        if room.part_of is not None:
            whole = next((r for r in facility.rooms if r.key == room.part_of), None)
            if whole is None or not set(room.atoms) < set(whole.atoms):
                hint = "list the cells of the parts in the whole"
                yield source.complain(("rooms", number, "part_of"), f"{room.key!r} is no part of it", hint)


def facts_are_known(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Conditions on something nobody is asked."""
    known = BUILT_IN | {question.key for question in facility.questions}
    for number, window in enumerate(facility.windows):
        yield from _unknown(source, names(window.when) - known, ("windows", number, "when"))
    for t, table in enumerate(facility.tariffs):
        for part in ("rows", "adjustments", "exemptions"):
            for n, rule in enumerate(getattr(table, part)):
                yield from _unknown(source, names(rule.when) - known, ("tariffs", t, part, n, "when"))


def windows_open(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Windows that close before they open, on any day of two years."""
    days = Days(facility.calendar(), city_hall())
    for number, window in enumerate(facility.windows):
        for key in window.rooms:
            if key not in {room.key for room in facility.rooms}:
                yield source.complain(
                    ("windows", number, "rooms"), f"room {key!r} does not exist", "mend the key"
                )
        if window.opens is None or window.closes is None:
            continue
        use = date(2026, 4, 1)
        for offset in range(0, 730, 13):
            day = use + timedelta(days=offset)
            starts = instant(day, DAY_MINUTES)
            if opens_at(window.opens, starts, day, days) >= closes_at(window.closes, starts, day, days):
                hint = "move opens: earlier or closes: later"
                yield source.complain(("windows", number), f"the window never opens for {day}", hint)
                break


def refunds_descend(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Tiers that are not in the order of time, so that a later one could never apply."""
    days = Days(facility.calendar(), city_hall())
    use = date(2026, 6, 10)
    starts = instant(use, 18 * 60)
    for number, rule in enumerate(facility.cancellation):
        ends: list[datetime] = [closes_at(tier.until, starts, use, days) for tier in rule.tiers]
        if ends != sorted(ends):
            yield source.complain(("cancellation", number, "tiers"), "tiers out of order", "earliest first")


def prices_are_complete(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Rooms without a price, single bands without a figure, rows for rooms that do not exist."""
    keys = {room.key for room in facility.rooms}
    for t, table in enumerate(facility.tariffs):
        for n, row in enumerate(table.rows):
            for key in row.rooms:
                if key not in keys:
                    yield source.complain(
                        ("tariffs", t, "rows", n, "rooms"), f"room {key!r} does not exist", "mend it"
                    )
                elif row.per == "band":
                    yield from _bands_priced(
                        source, facility, facility.room(key), row, ("tariffs", t, "rows", n)
                    )
    priced = {key for table in facility.tariffs for row in table.rows for key in row.rooms}
    if facility.fees_unknown is None:
        for n, room in enumerate(facility.rooms):
            if room.key not in priced:
                hint = "add a row to tariffs:, or say fees_unknown:"
                yield source.complain(("rooms", n), f"no price for room {room.key!r}", hint)


def _bands_priced(
    source: Source, facility: Facility, room: Room, row: PriceRow, place: tuple[str | int, ...]
) -> Iterator[Complaint]:
    known = {band.key for band in facility.band_set(room)}
    printed = set(row.yen) if isinstance(row.yen, dict) else set()
    for band in facility.single_bands(room):
        if band.key not in printed and band_yen(row, band.key) is None:
            yield source.complain(
                place, f"{room.key!r} has no price for band {band.key!r}", "write it, or null"
            )
    for key in printed - known:
        yield source.complain((*place, "yen", key), f"{room.key!r} has no band {key!r}", "mend the key")


def _unknown(source: Source, unknown: set[str], place: tuple[str | int, ...]) -> Iterator[Complaint]:
    for name in sorted(unknown):
        yield source.complain((*place, name), f"nobody is asked for {name!r}", "add it to questions:")


def _spans(band: Band, bands: list[Band]) -> bool:
    parts = [b for b in bands if b.key in band.covers]
    return band.begins == min(b.begins for b in parts) and band.ends == max(b.ends for b in parts)


def _closing(facility: Facility) -> int:
    assert facility.opening is not None
    start, end = minutes(facility.opening.start), minutes(facility.opening.end)
    return end if end > start else end + DAY_MINUTES


def _count(row: PriceRow) -> int:
    figures = len([v for v in row.yen.values() if v is not None]) if isinstance(row.yen, dict) else 1
    return len(row.rooms) * (figures + (row.first is not None) + (row.overtime_yen is not None))


def _oddities(facility: Facility, row: PriceRow) -> Iterator[str]:
    if row.as_printed:
        yield f"{'・'.join(row.rooms)}: printed figure kept ({row.note or 'odd beside its neighbours'})"


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
