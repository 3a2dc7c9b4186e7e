"""What a storage key may look like, whatever keeps the bytes: nothing that leads outside or needs quoting."""

from __future__ import annotations

import re

from webapp.ports.storage import StorageError

_KEY = re.compile(r"[A-Za-z0-9_\-][A-Za-z0-9_\-.]*(/[A-Za-z0-9_\-][A-Za-z0-9_\-.]*)*")
LONGEST = 900


def checked(key: str) -> str:
    """Return the key; raises StorageError for one that is none."""
    if len(key) > LONGEST or not _KEY.fullmatch(key):
        raise StorageError(f"not a storage key: {key[:80]!r}")
    return key
