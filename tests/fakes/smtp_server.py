"""A small SMTP server on a real socket whose answers are scripted, and which can hang up at any word."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Post:
    """What arrived, and what to answer: ``answers`` maps a word (``RCPT``, ``.`` for the end of the data)
    to lines used up one by one; ``hangup`` closes the connection without a word.
    """

    received: list[tuple[str, bytes]] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    connections: int = 0
    words: list[str] = field(default_factory=list)

    def says(self, word: str, usual: str) -> str:
        lines = self.answers.get(word)
        return lines.pop(0) if lines else usual


class _HangUp(Exception):
    pass


class _Session(socketserver.StreamRequestHandler):
    post: Post

    def handle(self) -> None:
        self.post.connections += 1
        self.to = ""
        try:
            self._say(self.post.says("connect", "220 fake ESMTP"))
            while line := self.rfile.readline():
                if not self._answer(line.decode("ascii", "replace").strip()):
                    return
        except (_HangUp, OSError):
            return

    def _answer(self, line: str) -> bool:
        word = line.split(" ", 1)[0].split(":", 1)[0].upper()
        self.post.words.append(word)
        if word == "EHLO":
            self._say(self.post.says(word, "250-fake\r\n250 8BITMIME"))
        elif word == "RCPT":
            self.to = line.partition("<")[2].partition(">")[0]
            self._say(self.post.says(word, "250 ok"))
        elif word == "DATA":
            answer = self.post.says(word, "354 go on")
            self._say(answer)
            if answer.startswith("354"):
                self._data()
        else:
            self._say(self.post.says(word, "221 bye" if word == "QUIT" else "250 ok"))
        return word != "QUIT"

    def _data(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        answer = self.post.says(".", "250 queued as 42")
        if answer.startswith("250") or answer == "hangup":
            self.post.received.append((self.to, b"".join(lines)))
        self._say(answer)

    def _say(self, line: str) -> None:
        if line == "hangup":
            raise _HangUp
        self.wfile.write(line.encode() + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def running() -> Iterator[tuple[int, Post]]:
    """Serve on a free port; yields the port and what arrived."""
    post = Post()
    handler: Any = type("BoundSession", (_Session,), {"post": post})
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield int(server.server_address[1]), post
        finally:
            server.shutdown()
