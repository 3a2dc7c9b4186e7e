"""Socket for files: bytes by key, nothing else."""

from __future__ import annotations

from typing import Protocol


class StorageError(Exception):
    """The store did not answer; trying again later may help."""


class MissingFile(StorageError):
    """There is nothing under this key."""


class StoragePort(Protocol):
    """Keeps bytes under keys such as ``drafts/ab12…``; keys are ASCII, parts divided by ``/``."""

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Store bytes; the same key again replaces them. Raises StorageError."""

    def get(self, key: str) -> bytes:
        """Return the bytes. Raises MissingFile, StorageError."""

    def delete(self, key: str) -> None:
        """Forget the key; it is no error when it does not exist. Raises StorageError."""

    def exists(self, key: str) -> bool:
        """Tell whether there is something under the key. Raises StorageError."""
