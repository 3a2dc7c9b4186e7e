"""A scanner that needs no network: it knows the harmless EICAR test file only."""

from __future__ import annotations

from webapp.ports.scanner import Verdict

_EICAR = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"


class SandboxScanner:
    """Finds the EICAR test string, and nothing else."""

    def scan(self, data: bytes) -> Verdict:
        """See ScannerPort."""
        return Verdict(False, "EICAR-Test") if _EICAR in data else Verdict(True)
