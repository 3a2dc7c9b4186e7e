"""Files in a folder of this machine (or a mounted share)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from integrations.storage.keys import checked
from webapp.ports.storage import MissingFile, StorageError


class FolderStorage:
    """One file per key; written beside and renamed, so a crash leaves the old bytes or the new ones."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """See StoragePort."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(beside, path)
            except OSError:
                Path(beside).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise StorageError(f"folder: {error}") from error

    def get(self, key: str) -> bytes:
        """See StoragePort."""
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            raise MissingFile(key) from None
        except OSError as error:
            raise StorageError(f"folder: {error}") from error

    def delete(self, key: str) -> None:
        """See StoragePort."""
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"folder: {error}") from error

    def exists(self, key: str) -> bool:
        """See StoragePort."""
        return self._path(key).is_file()

    def _path(self, key: str) -> Path:
        return self._folder / checked(key)
