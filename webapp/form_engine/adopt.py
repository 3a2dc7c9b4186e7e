"""What a city changes in a shared procedure: fee, department, window, texts; never its questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from webapp.form_engine.fee_model import FeeRule
from webapp.form_engine.fields import Strict
from webapp.form_engine.load import Library
from webapp.form_engine.model import Definition
from webapp.form_engine.references import reference_complaints
from webapp.form_engine.rules_model import Budget, Law, Online, Processing, Retention, Route, Window
from webapp.yaml_source import Complaint, Source, SourceErrors, Text, read, validate


class Overrides(Strict):
    """The keys a city may set for an adopted procedure; see forms/README.md."""

    department: str | None = None
    category: str | None = None
    life_scenes: list[str] | None = None
    keywords: list[str] | None = None
    title: Text | None = None
    summary: Text | None = None
    who: Text | None = None
    delivery: Text | None = None
    declaration: Text | None = None
    purpose_of_use: Text | None = None
    law: list[Law] | None = None
    retention: Retention | None = None
    online: Online | None = None
    processing: Processing | None = None
    window: Window | None = None
    fee: FeeRule | None = None
    budget: Budget | None = None
    routing: list[Route] | None = None


class Adopted(Strict):
    """adopted.yaml: which shared procedures the city offers, and what it changes in them."""

    only_listed: bool = Field(True, description="false offers every shared procedure, listed or not")
    procedures: dict[str, Overrides | None]


def adopt(library: Library, path: Path) -> Library:
    """Return the procedures a city offers, with its overrides. Raises SourceErrors."""
    source = read(path, name=str(path))
    adopted = validate(source, Adopted)
    complaints: list[Complaint] = []
    offered: dict[str, Definition] = {}
    for slug in adopted.procedures:
        if slug not in library:
            complaints.append(
                source.complain(
                    ("procedures", slug),
                    f"there is no procedure {slug!r}",
                    "remove it, or check the name of its folder",
                )
            )
    for slug, definition in library.items():
        if slug in adopted.procedures or not adopted.only_listed or not _is_shared(slug, library, path):
            offered[slug] = _changed(definition, adopted.procedures.get(slug), source, complaints)
    if complaints:
        raise SourceErrors(complaints)
    return Library(offered)


def _is_shared(slug: str, library: Library, path: Path) -> bool:
    return not (path.parent / "forms" / slug / "form.yaml").exists()


def _changed(
    definition: Definition, overrides: Overrides | None, source: Source, complaints: list[Complaint]
) -> Definition:
    if overrides is None:
        return definition
    data: dict[str, Any] = definition.to_json()
    given = overrides.model_dump(mode="json", by_alias=True, exclude_unset=True)
    changed = Definition.from_json({**data, **given})
    place = source.position(("procedures", definition.slug))
    for complaint in reference_complaints(changed, Source(source.file, changed.to_json(), "")):
        complaints.append(Complaint(source.file, *place, complaint.what, complaint.instead))
    return changed
