"""Our signing keys at the provider: readable by us only, never exported, rotated with an overlap."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from joserfc.jwk import ECKey

from integrations.http import Answer, Http
from integrations.identity import keys
from integrations.identity.provider_keys import ProviderKeys
from webapp.ports.identity import ProtocolBroken


def test_a_key_file_is_for_us_only_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = keys.load_or_make(path)
    assert path.stat().st_mode & 0o077 == 0
    assert keys.load_or_make(path)[0].kid == first[0].kid


def ids(path: Path) -> list[str]:
    """The ids of the published set, the one that signs first."""
    return [entry["kid"] for entry in keys.public_jwks(keys.load_keys(path))["keys"]]


def test_a_key_signs_only_after_it_was_published(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    old = keys.load_or_make(path)[0].kid
    with pytest.raises(keys.NotPrepared):
        keys.rotate(path)
    new = keys.prepare(path)
    assert ids(path) == [old, new]
    assert keys.rotate(path) == new
    assert ids(path) == [new, old]
    with pytest.raises(keys.NotPrepared):
        keys.rotate(path)  # the old key is no next one
    following = keys.prepare(path)
    assert ids(path) == [new, following]
    assert path.stat().st_mode & 0o077 == 0


def test_after_a_loss_no_old_key_is_left(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    old = keys.load_or_make(path)[0].kid
    assert ids(path) != [keys.start_over(path), old]
    assert len(ids(path)) == 1
    assert old not in ids(path)


class Answering:
    """Answers the provider's key set, and counts how often it was asked."""

    def __init__(self, *published: ECKey) -> None:
        self.published, self.asked = list(published), 0

    def get(self, _url: str) -> Answer:
        self.asked += 1
        body = json.dumps(keys.public_jwks(list(self.published))).encode()
        return Answer(200, {"content-type": "application/json"}, body)


def test_a_provider_that_changes_its_key_is_asked_again_and_not_without_end() -> None:
    first, second, now = keys.new_key(), keys.new_key(), [1000.0]
    http = Answering(first)
    known = ProviderKeys("https://op.example/certs", cast(Http, http), lambda: now[0])
    assert known.find(str(first.kid)).kid == first.kid
    http.published = [second]
    for _ in range(3):
        with pytest.raises(ProtocolBroken, match="unknown_key"):
            known.find(str(second.kid))
    assert http.asked == 1, "a made-up key id must not make us call the provider each time"
    now[0] += 31
    assert known.find(str(second.kid)).kid == second.kid
    with pytest.raises(ProtocolBroken):
        known.find(str(first.kid))  # withdrawn by the provider


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
