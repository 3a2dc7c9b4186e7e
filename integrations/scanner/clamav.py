"""ClamAV over its own socket protocol (INSTREAM)."""

from __future__ import annotations

import socket
import struct

from webapp.ports.scanner import ScannerUnavailable, Verdict

_CHUNK = 64 * 1024


class ClamavScanner:
    """Talks to clamd; ``address`` is ``host:port`` or the path of a Unix socket."""

    def __init__(self, address: str, *, timeout_s: float = 30.0) -> None:
        self._address = address
        self._timeout_s = timeout_s

    def scan(self, data: bytes) -> Verdict:
        """See ScannerPort."""
        try:
            with self._connect() as connection:
                connection.sendall(b"zINSTREAM\0")
                for start in range(0, len(data), _CHUNK):
                    part = data[start : start + _CHUNK]
                    connection.sendall(struct.pack("!L", len(part)) + part)
                connection.sendall(struct.pack("!L", 0))
                answer = _read_all(connection)
        except OSError as error:
            raise ScannerUnavailable(f"clamd: {error}") from error
        return _verdict(answer)

    def _connect(self) -> socket.socket:
        if "/" in self._address:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(self._timeout_s)
            connection.connect(self._address)
            return connection
        host, _, port = self._address.rpartition(":")
        return socket.create_connection((host, int(port)), timeout=self._timeout_s)


def _read_all(connection: socket.socket) -> str:
    parts = []
    while part := connection.recv(4096):
        parts.append(part)
        if part.endswith(b"\0"):
            break
    return b"".join(parts).rstrip(b"\0").decode("utf-8", "replace")


def _verdict(answer: str) -> Verdict:
    words = answer.removeprefix("stream: ").strip()
    if words == "OK":
        return Verdict(True)
    if words.endswith(" FOUND"):
        return Verdict(False, words.removesuffix(" FOUND"))
    raise ScannerUnavailable(f"clamd answered {answer!r}")
