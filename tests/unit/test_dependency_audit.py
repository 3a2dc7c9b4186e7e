"""The dependency audit finds what an advisory names, and never calls missing data a clean bill."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.error import URLError

import pytest

from tests import dependency_audit
from tests.dependency_audit import Package, main

LOCK = "flask==3.1.3 \\\n    --hash=sha256:aa\npsycopg[binary]==3.2.1 \\\n    --hash=sha256:bb\n"


def advisory(name: str, *events: dict[str, str], versions: tuple[str, ...] = ()) -> dict[str, object]:
    affected = {"package": {"ecosystem": "PyPI", "name": name}, "versions": list(versions)}
    affected["ranges"] = [{"type": "ECOSYSTEM", "events": list(events)}]
    return {"id": "TEST-1", "summary": "a weakness", "affected": [affected]}


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.lock"
    path.write_text(LOCK)
    return path


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (advisory("Flask", {"introduced": "0"}, {"fixed": "3.1.4"}), 1),
        (advisory("flask", {"introduced": "0"}, {"fixed": "3.1.3"}), 0),
        (advisory("flask", {"introduced": "3.2"}), 0),
        (advisory("flask", {"introduced": "1.0"}, {"last_affected": "3.1.3"}), 1),
        (advisory("flask", {"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "3.1"}), 1),
        (advisory("psycopg", versions=("3.2.1",)), 1),
        (advisory("django", {"introduced": "0"}), 0),
    ],
)
def test_a_locked_version_is_judged_by_the_advisory(
    lock: Path, tmp_path: Path, record: dict[str, object], code: int
) -> None:
    file = tmp_path / "osv.json"
    file.write_text(json.dumps([record]))
    assert main(["--lock", str(lock), "--advisories", str(file)]) == code


def test_without_data_the_command_says_so(
    lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise URLError("no route")

    monkeypatch.setattr(dependency_audit, "urlopen", nobody)
    assert main(["--lock", str(lock)]) == 2
    assert "NO ADVISORY DATA" in capsys.readouterr().out
    assert main(["--lock", str(lock), "--advisories", str(tmp_path / "nothing.json")]) == 2


def test_the_lock_is_read_whole_with_licences() -> None:
    packages = dependency_audit.locked(dependency_audit.LOCK.read_text())
    assert Package("flask", packages[[one.name for one in packages].index("flask")].version) in packages
    assert len(packages) > 40
    assert dependency_audit.licence("flask") == "BSD-3-Clause"
