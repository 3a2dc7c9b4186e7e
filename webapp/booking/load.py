"""Reading facility files."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from webapp.booking.facility import Facilities, Facility
from webapp.yaml_source import Complaint, Source, SourceErrors, read, validate


def load_facility(path: Path) -> Facility:
    """Read one file. Raises SourceErrors with every complaint and its line."""
    return validate(read(path), Facility)


def facility_files(dirs: Iterable[Path]) -> list[Path]:
    return sorted(path for folder in dirs for path in folder.glob("*.yaml"))


def load_facilities(dirs: Sequence[Path], local_holidays: Iterable[date] = ()) -> Facilities:
    """Read all `*.yaml` of the folders. Raises SourceErrors with the complaints of all files at once."""
    complaints: list[Complaint] = []
    found: dict[str, Facility] = {}
    for path in facility_files(dirs):
        try:
            source: Source = read(path)
            facility = validate(source, Facility)
        except SourceErrors as errors:
            complaints += errors.complaints
            continue
        if facility.slug in found:
            complaints.append(
                source.complain(("slug",), f"slug {facility.slug!r} stands in two files", "rename one")
            )
        found[facility.slug] = facility
    if complaints:
        raise SourceErrors(complaints)
    return Facilities(found, frozenset(local_holidays))
