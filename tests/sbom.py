"""``python3 dev.py sbom``: what the product is made of, as CycloneDX JSON, from the lock files alone.

Installed packages with version, licence, hashes and what asked for them; the files of others that lie in this
repository (THIRD_PARTY.md); and what only tests use, with scope ``excluded``. The same locks give the same
bytes: the serial number is derived from them, and there is no time in it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.dependency_audit import PINNED, ROOT, licence, locked

LOCKS = (ROOT / "requirements.lock", ROOT / "requirements-dev.lock")
NODE_LOCK = ROOT / "tests" / "openid_provider" / "package-lock.json"
VENDORED = ROOT / "THIRD_PARTY.md"
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
ASKED_BY = re.compile(r"^ {4}#(?: via)? +(?!via$)([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?(?: \(.*\))?$", re.M)
NAMESPACE = uuid.UUID("6f6d0a5e-6d61-5f67-8368-6d61646f6775")
Component = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the bill of materials to a file or to standard output."""
    parser = argparse.ArgumentParser(prog="dev.py sbom", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, help="a file; standard output without it")
    options = parser.parse_args(arguments)
    text = json.dumps(bill(), ensure_ascii=False, indent=1) + "\n"
    if options.out:
        options.out.write_text(text)
    else:
        sys.stdout.write(text)
    return 0


def bill() -> dict[str, Any]:
    """Return the whole document."""
    product, lock = _product(), LOCKS[0].read_text()
    running = list(packages(lock))
    names = {one["bom-ref"] for one in running}
    developing = [
        one for one in packages(LOCKS[1].read_text(), scope="excluded") if one["bom-ref"] not in names
    ]
    serial = uuid.uuid5(NAMESPACE, hashlib.sha256(b"".join(path.read_bytes() for path in LOCKS)).hexdigest())
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": product},
        "components": [*running, *vendored(), *developing, *node_packages()],
        "dependencies": list(dependencies(lock, product["bom-ref"])),
    }


def packages(lock: str, scope: str = "required") -> Iterator[Component]:
    """Yield the packages of a lock file."""
    for text, one in zip(_blocks(lock), locked(lock), strict=True):
        address = f"pkg:pypi/{one.name}@{one.version}"
        yield {
            "type": "library",
            "bom-ref": address,
            "name": one.name,
            "version": one.version,
            "scope": scope,
            "hashes": [{"alg": "SHA-256", "content": digest} for digest in HASH.findall(text)],
            "licenses": [{"license": {"name": licence(one.name)}}],
            "purl": address,
        }


def vendored() -> Iterator[Component]:
    """Yield what lies in this repository and was made by others."""
    rows = [
        line.strip("| \n").split(" | ") for line in VENDORED.read_text().splitlines() if line.startswith("| ")
    ]
    for what, where, version, terms in rows[1:]:
        name = re.sub(r"\s*\(.*\)|`", "", what).strip()
        place = where.strip("`")
        number = re.search(r"\d+(?:\.\d+)+", version)
        yield {
            "type": "file" if "." in Path(place).name else "library",
            "bom-ref": f"file:{place}",
            "name": name,
            "version": number[0] if number else version,
            "scope": "required",
            "licenses": [{"license": {"name": terms.split(",")[0].split(";")[0]}}],
        }


def node_packages() -> Iterator[Component]:
    """Yield what the tests' identity provider is made of."""
    for place, one in json.loads(NODE_LOCK.read_text())["packages"].items():
        if not place:
            continue
        name = place.rpartition("node_modules/")[2]
        address = f"pkg:npm/{name.replace('@', '%40')}@{one['version']}"
        yield {
            "type": "library",
            "bom-ref": f"{address}#{place}",
            "name": name,
            "version": one["version"],
            "scope": "excluded",
            "licenses": [{"license": {"name": str(one.get("license", "not told"))}}],
            "purl": address,
        }


def dependencies(lock: str, product: str) -> Iterator[dict[str, Any]]:
    """Yield who needs whom, from the remarks of the lock; what nobody else asked for, the product needs."""
    refs = {one.name: f"pkg:pypi/{one.name}@{one.version}" for one in locked(lock)}
    needs: dict[str, set[str]] = {product: set(), **{ref: set() for ref in refs.values()}}
    for text, one in zip(_blocks(lock), locked(lock), strict=True):
        for name in ASKED_BY.findall(text) or [""]:
            needs[refs.get(name.lower().replace("_", "-"), product)].add(refs[one.name])
    for ref, needed in needs.items():
        yield {"ref": ref, "dependsOn": sorted(needed)}


def _blocks(lock: str) -> list[str]:
    starts = [found.start() for found in PINNED.finditer(lock)]
    return [lock[start:end] for start, end in zip(starts, [*starts[1:], len(lock)], strict=True)]


def _product() -> Component:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    name, version = told["name"], told["version"]
    licences = [{"license": {"id": "MIT"}}]
    ref = f"pkg:generic/{name}@{version}"
    return {"type": "application", "bom-ref": ref, "name": name, "version": version, "licenses": licences}


if __name__ == "__main__":
    sys.exit(main())
