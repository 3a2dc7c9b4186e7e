"""The folder that keeps files: whole or not at all, and never outside of itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from integrations.storage.folder import FolderStorage
from webapp.ports.storage import MissingFile, StorageError


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "files")


def test_bytes_are_kept_replaced_and_forgotten(storage: FolderStorage) -> None:
    storage.put("drafts/ab12", b"one", "text/plain")
    storage.put("drafts/ab12", b"two", "text/plain")
    assert (storage.get("drafts/ab12"), storage.exists("drafts/ab12")) == (b"two", True)
    storage.delete("drafts/ab12")
    storage.delete("drafts/ab12")
    assert storage.exists("drafts/ab12") is False
    with pytest.raises(MissingFile):
        storage.get("drafts/ab12")


@pytest.mark.parametrize(
    "key",
    ["../up", "a/../../up", "/etc/passwd", "a//b", ".hidden", "a/.b", "", "a\0b", "日本", "a\n", "a\\b/"],
)
def test_a_key_never_leads_outside(storage: FolderStorage, tmp_path: Path, key: str) -> None:
    for work in (storage.get, storage.exists, storage.delete, lambda k: storage.put(k, b"x", "text/plain")):
        with pytest.raises(StorageError, match="not a storage key"):
            work(key)
    assert list(tmp_path.rglob("*")) == []


def test_a_write_that_breaks_off_leaves_the_old_bytes(
    storage: FolderStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put("a/b", b"old", "text/plain")

    def full(_descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="no space"):
        storage.put("a/b", b"new", "text/plain")
    assert storage.get("a/b") == b"old"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["b"]
