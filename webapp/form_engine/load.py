"""Definitions from files: read, shared parts put in, checked against the models, references checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from webapp.form_engine.model import Definition
from webapp.form_engine.references import reference_complaints
from webapp.yaml_source import Complaint, Source, SourceErrors, read, validate

USE = re.compile(r"([a-z0-9_]+)/([a-z0-9_]+)")


@dataclass(frozen=True)
class Library(Mapping[str, Definition]):
    """Procedures by slug, in the order of their folders."""

    definitions: Mapping[str, Definition]

    def __getitem__(self, slug: str) -> Definition:
        return self.definitions[slug]

    def __iter__(self) -> Iterator[str]:
        return iter(self.definitions)

    def __len__(self) -> int:
        return len(self.definitions)

    def procedures(self) -> list[Definition]:
        """All definitions."""
        return list(self.definitions.values())


def load_definition(path: Path) -> Definition:
    """Read one procedure from its folder or form.yaml. Raises SourceErrors with every complaint at once."""
    return load_with_source(path)[0]


def load_with_source(path: Path) -> tuple[Definition, Source]:
    """As load_definition, with the source for further complaints."""
    file = path / "form.yaml" if path.is_dir() else path
    source = expanded(read(file, name=str(file)), file)
    definition = validate(source, Definition)
    complaints = reference_complaints(definition, source)
    folder = file.parent.name
    if file.name == "form.yaml" and folder != definition.slug:
        complaints.append(
            source.complain(
                ("slug",), f"slug is not the name of its folder {folder!r}", f"write slug: {folder}"
            )
        )
    if complaints:
        raise SourceErrors(complaints)
    return definition, source


def folders(dirs: Iterable[Path]) -> Iterator[Path]:
    """The folders that hold a form.yaml; a directory may be a library or a single procedure."""
    for directory in dirs:
        if (directory / "form.yaml").exists():
            yield directory
        else:
            yield from sorted(
                file.parent for file in directory.glob("*/form.yaml") if file.parent.name != "_shared"
            )


def load_library(dirs: Iterable[Path]) -> Library:
    """Read all procedures of some folders. Raises SourceErrors with the complaints of all files."""
    found: dict[str, Definition] = {}
    complaints: list[Complaint] = []
    for folder in folders(dirs):
        try:
            definition = load_definition(folder)
        except SourceErrors as errors:
            complaints += errors.complaints
            continue
        if definition.slug in found:
            complaints.append(
                Complaint(
                    str(folder / "form.yaml"), 1, 1, f"slug {definition.slug!r} stands twice", "rename one"
                )
            )
        found[definition.slug] = definition
    if complaints:
        raise SourceErrors(complaints)
    return Library(found)


def expanded(source: Source, file: Path) -> Source:
    """Put shared parts in where ``use: file/name`` stands; keys beside it win. Raises SourceErrors."""
    complaints: list[Complaint] = []
    shared = file.parent.parent / "_shared"
    data = _expand(source.data, (), source, shared, complaints)
    if complaints:
        raise SourceErrors(complaints)
    return replace(source, data=data)


def _expand(
    node: Any, path: tuple[str | int, ...], source: Source, shared: Path, complaints: list[Complaint]
) -> Any:
    if isinstance(node, list):
        return [_expand(item, (*path, i), source, shared, complaints) for i, item in enumerate(node)]
    if not isinstance(node, dict):
        return node
    own = {k: _expand(v, (*path, k), source, shared, complaints) for k, v in node.items() if k != "use"}
    if "use" not in node:
        return own
    part = _shared_part(str(node["use"]), shared)
    if part is None:
        names = ", ".join(_names(shared)) or "there are none"
        complaints.append(
            source.complain((*path, "use"), f"no shared part {node['use']!r}", f"use one of: {names}")
        )
        return own
    return {**part, **own}


def _shared_part(name: str, shared: Path) -> dict[str, Any] | None:
    matched = USE.fullmatch(name)
    file = shared / f"{matched[1]}.yaml" if matched else None
    if matched is None or file is None or not file.exists():
        return None
    part = _shared_file(file, file.stat().st_mtime_ns).get(matched[2])
    return dict(part) if isinstance(part, dict) else None


@cache
def _shared_file(file: Path, changed: int) -> dict[str, Any]:
    data = read(file, name=str(file)).data
    return data if isinstance(data, dict) else {}


def _names(shared: Path) -> list[str]:
    files = sorted(shared.glob("*.yaml"))
    return [f"{file.stem}/{name}" for file in files for name in _shared_file(file, file.stat().st_mtime_ns)]
