"""The bill of materials holds every locked package once, and says who needs whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import sbom
from tests.dependency_audit import locked


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    return sbom.bill()


def test_it_has_the_shape_of_cyclonedx(bill: dict[str, Any]) -> None:
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    refs = [one["bom-ref"] for one in bill["components"]]
    assert len(refs) == len(set(refs))
    known = {*refs, bill["metadata"]["component"]["bom-ref"]}
    for line in bill["dependencies"]:
        assert {line["ref"], *line["dependsOn"]} <= known
    for one in bill["components"]:
        assert one["name"]
        assert one["version"]
        assert one["scope"] in ("required", "excluded")
        assert one["licenses"][0]["license"]["name"]


def test_every_locked_package_stands_in_it_with_its_hashes(bill: dict[str, Any]) -> None:
    found = {(one["name"], one["version"]): one for one in bill["components"]}
    for lock in sbom.LOCKS:
        for package in locked(lock.read_text()):
            assert found[(package.name, package.version)]["hashes"], package
    running = {one.name for one in locked(sbom.LOCKS[0].read_text())}
    assert all(one["scope"] == "required" for one in bill["components"] if one["name"] in running)
    assert next(one for one in bill["components"] if one["name"] == "pytest")["scope"] == "excluded"
    assert next(one for one in bill["components"] if one["name"] == "htmx")["version"] == "2.0.11"


def test_the_product_needs_what_pyproject_names_and_flask_brings_the_rest(bill: dict[str, Any]) -> None:
    needs = {line["ref"].partition("@")[0]: str(line["dependsOn"]) for line in bill["dependencies"]}
    assert "pkg:pypi/flask@" in needs["pkg:generic/madoguchi"]
    assert "pkg:pypi/idna@" not in needs["pkg:generic/madoguchi"]
    assert "pkg:pypi/werkzeug@" in needs["pkg:pypi/flask"]
    everything = " ".join(needs.values())
    for package in locked(sbom.LOCKS[0].read_text()):
        assert f"pkg:pypi/{package.name}@" in everything, f"nobody needs {package.name}"


def test_the_same_locks_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert sbom.main(["--out", str(tmp_path / name)]) == 0
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert json.loads((tmp_path / "one").read_text())["bomFormat"] == "CycloneDX"
