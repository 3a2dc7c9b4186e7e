"""Our signing keys at the provider: readable by us only, never exported, rotated with an overlap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from integrations.identity import keys


def test_a_key_file_is_for_us_only_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = keys.load_or_make(path)
    assert path.stat().st_mode & 0o077 == 0
    assert keys.load_or_make(path)[0].kid == first[0].kid


def test_rotation_signs_with_the_new_key_and_publishes_both(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    old = keys.load_or_make(path)[0].kid
    new = keys.rotate(path)
    assert [key.kid for key in keys.load_keys(path)] == [new, old]
    assert [entry["kid"] for entry in keys.public_jwks(keys.load_keys(path))["keys"]] == [new, old]
    keys.rotate(path)
    assert len(keys.load_keys(path)) == 2


def test_the_published_set_holds_no_private_part(tmp_path: Path) -> None:
    for entry in keys.public_jwks(keys.load_or_make(tmp_path / "keys.json"))["keys"]:
        assert "d" not in entry


def test_the_command_makes_and_exports(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    done = subprocess.run(
        [sys.executable, "-m", "integrations.identity", "keygen", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"kty": "EC"' in done.stdout
    assert '"d"' not in done.stdout
