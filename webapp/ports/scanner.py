"""Socket for a virus scanner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class ScannerUnavailable(Exception):
    """The scanner did not answer; the file stays unscanned and must not be shown to staff yet."""


@dataclass(frozen=True)
class Verdict:
    """What the scanner says; ``name`` is the virus it found."""

    clean: bool
    name: str = ""


class ScannerPort(Protocol):
    """Looks at bytes."""

    def scan(self, data: bytes) -> Verdict:
        """Scan one file. Raises ScannerUnavailable."""
