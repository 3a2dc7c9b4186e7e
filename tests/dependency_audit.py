"""``python3 dev.py audit``: the locked packages beside known advisories, with licence and time in the lock.

Advisories come from a file (``--advisories``: OSV records, a JSON list or a folder or zip of them) or from the
package index pip is set up for, where that index tells them. Where neither can be had the command says so
and ends with 2: no finding without data is not "nothing found".
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.M)
SECONDS = 10


@dataclass(frozen=True)
class Package:
    """One line of the lock."""

    name: str
    version: str


@dataclass(frozen=True)
class Finding:
    """An advisory that names a locked version."""

    package: Package
    advisory: str
    summary: str
    fixed: str


class NoData(Exception):
    """Advisories could not be had, and why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; 0 nothing found, 1 advisories found, 2 no advisory data."""
    parser = argparse.ArgumentParser(prog="dev.py audit", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--advisories", type=Path, help="OSV records: JSON file, folder or zip")
    parser.add_argument("--lock", type=Path, default=LOCK)
    options = parser.parse_args(arguments)
    packages = locked(options.lock.read_text())
    print("| package | version | licence | in the lock since |\n|---|---|---|---|")
    for one in packages:
        print(f"| {one.name} | {one.version} | {licence(one.name)} | {since(one, options.lock)} |")
    try:
        found = list(from_file(packages, options.advisories) if options.advisories else from_index(packages))
    except NoData as reason:
        print(
            f"\nNO ADVISORY DATA: {reason}\nThis run says nothing about weaknesses. Give a file: --advisories FILE"
        )
        return 2
    for one in found:
        print(
            f"\n{one.advisory}: {one.package.name} {one.package.version}: {one.summary} (mended in: {one.fixed})"
        )
    print(f"\n{len(packages)} packages, {len(found)} advisories")
    return 1 if found else 0


def locked(text: str) -> list[Package]:
    """Return the packages of a lock file."""
    return [Package(canonicalize_name(name), version) for name, version in PINNED.findall(text)]


def licence(name: str) -> str:
    """Return what the installed package says of its licence, in short."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return "not installed here"
    classified = [
        one.rpartition(" :: ")[2] for one in told.get_all("Classifier", []) if one.startswith("License")
    ]
    said = told.get("License-Expression") or ", ".join(classified) or told.get("License") or "not told"
    return said.splitlines()[0][:60]


def since(package: Package, lock: Path) -> str:
    """Return the day this version came into the lock, from the repository's history."""
    command = [
        "git",
        "log",
        "--reverse",
        "--format=%as",
        f"-S{package.name}=={package.version}",
        "--",
        str(lock),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.split("\n", 1)[0] or "not committed"


def from_file(packages: Sequence[Package], place: Path) -> Iterator[Finding]:
    """Judge by OSV records; raises NoData when there are none."""
    records = list(_records(place))
    if not records:
        raise NoData(f"{place} holds no record")
    by_name = {one.name: one for one in packages}
    for record in records:
        for affected in record.get("affected", []):
            told = affected.get("package", {})
            one = by_name.get(canonicalize_name(str(told.get("name", ""))))
            if one is not None and str(told.get("ecosystem")) == "PyPI" and _is_hit(affected, one.version):
                yield Finding(one, str(record["id"]), str(record.get("summary", "")), _fixed(affected))


def from_index(packages: Sequence[Package]) -> Iterator[Finding]:
    """Ask the index of pip for each package; raises NoData when it does not tell."""
    base = _index()
    for one in packages:
        try:
            with urlopen(f"{base}/{one.name}/{one.version}/json", timeout=SECONDS) as answer:
                told = json.load(answer).get("vulnerabilities")
        except (URLError, OSError, ValueError) as error:
            raise NoData(f"the package index does not answer for {one.name}: {error}") from error
        if told is None:
            raise NoData("the package index tells no advisories")
        for record in told:
            yield Finding(
                one, record["id"], record.get("summary") or "", ", ".join(record.get("fixed_in") or [])
            )


def _index() -> str:
    """Return where the index keeps its JSON: at the configured one, else at pip's own."""
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    named = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    if named:
        parts = urlsplit(named)
        return f"{parts.scheme}://{parts.netloc}/pypi"
    from pip._internal.models.index import PyPI

    return str(PyPI.pypi_url)


def _records(place: Path) -> Iterator[dict[str, Any]]:
    if place.is_dir():
        texts = [file.read_text() for file in sorted(place.glob("*.json"))]
    elif zipfile.is_zipfile(place):
        with zipfile.ZipFile(place) as archive:
            texts = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".json")]
    else:
        texts = [place.read_text()] if place.exists() else []
    for text in texts:
        read = json.loads(text)
        yield from read if isinstance(read, list) else [read]


def _is_hit(affected: dict[str, Any], version: str) -> bool:
    if version in affected.get("versions", []):
        return True
    ranges = [one["events"] for one in affected.get("ranges", []) if one.get("type") == "ECOSYSTEM"]
    return any(_within(events, Version(version)) for events in ranges)


def _within(events: Sequence[dict[str, str]], version: Version) -> bool:
    """Walk the events in order: introduced opens, fixed closes, last_affected closes after itself."""
    is_hit = False
    for event in events:
        (kind, text), *_ = event.items()
        if kind == "introduced" and (text == "0" or version >= Version(text)):
            is_hit = True
        if (kind == "fixed" and version >= Version(text)) or (
            kind == "last_affected" and version > Version(text)
        ):
            is_hit = False
    return is_hit


def _fixed(affected: dict[str, Any]) -> str:
    events = [event for one in affected.get("ranges", []) for event in one.get("events", [])]
    return ", ".join(event["fixed"] for event in events if "fixed" in event) or "no version yet"


if __name__ == "__main__":
    sys.exit(main())
