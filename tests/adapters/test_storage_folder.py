"""The folder that keeps files: whole or not at all. What every store does: test_storage_contract.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from integrations.storage.folder import FolderStorage
from webapp.ports.storage import StorageError


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "files")


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
