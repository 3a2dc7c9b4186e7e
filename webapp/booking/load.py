"""Reading facility files."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from webapp.booking.facility import Facilities, Facility
from webapp.form_engine.load import Library, load_library
from webapp.yaml_source import Complaint, Source, SourceErrors, read, validate


def load_facility(path: Path) -> Facility:
    """Read one file. Raises SourceErrors with every complaint and its line."""
    return validate(read(path), Facility)


RESERVED = frozenset(
    (
        *("persons", "sqm", "purpose", "title", "ticket", "commercial", "resident", "registration"),
        *("exemption", "exemption_reason", "group", "name", "kana", "tel", "email"),
        *("room", "day", "band", "start", "end", "until", "channel"),
    )
)
"""Names on the booking's own page, which a question must not take."""


def load_forms(dirs: Iterable[Path]) -> Library:
    """The definitions in the `questions` folder of each folder. Raises SourceErrors."""
    return load_library([folder / "questions" for folder in dirs if (folder / "questions").is_dir()])


def form_complaints(source: Source, facility: Facility, forms: Library) -> Iterator[Complaint]:
    """What is wrong with the definitions a facility names: missing, no booking, or not to be asked here."""
    if facility.form is not None:
        yield from _form_complaints(source, ("form",), facility, facility.form, forms)
    for number, room in enumerate(facility.rooms):
        if room.form is not None:
            yield from _form_complaints(source, ("rooms", number, "form"), facility, room.form, forms)


def _form_complaints(
    source: Source, place: tuple[str | int, ...], facility: Facility, slug: str, forms: Library
) -> Iterator[Complaint]:
    definition = forms.get(slug)
    if definition is None:
        hint = "write questions/<slug>/form.yaml beside the facility files"
        yield source.complain(place, f"definition {slug!r} does not exist", hint)
        return
    if definition.kind != "booking":
        yield source.complain(place, f"{slug!r} is no booking", "write kind: booking")
    for key, question in definition.fields.items():
        if question.type in ("file", "group"):
            hint = "ask for papers through a procedure"
            yield source.complain(place, f"{key!r} is a {question.type}: a booking has none", hint)
        if key in RESERVED or key in {one.key for one in facility.questions}:
            yield source.complain(place, f"{key!r} is a name of the booking's own page", "rename it")


def facility_files(dirs: Iterable[Path]) -> list[Path]:
    return sorted(path for folder in dirs for path in folder.glob("*.yaml"))


def load_facilities(dirs: Sequence[Path], local_holidays: Iterable[date] = ()) -> Facilities:
    """Read all `*.yaml` of the folders. Raises SourceErrors with the complaints of all files at once."""
    complaints: list[Complaint] = []
    found: dict[str, Facility] = {}
    forms = load_forms(dirs)
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
        complaints += form_complaints(source, facility, forms)
        found[facility.slug] = facility
    if complaints:
        raise SourceErrors(complaints)
    return Facilities(found, frozenset(local_holidays), forms)
