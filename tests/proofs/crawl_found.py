"""What a crawl did, and what it found wrong with the answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from tests.proofs import hostile
from tests.proofs.crawl_town import SECRET
from tests.proofs.crawl_typing import Typist

NOT_THERE = {403, 404, 405}
TURNED_AWAY = {400, *NOT_THERE}
HTML = ("text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml")


@dataclass
class Found:
    """What a crawl did and what went wrong."""

    typist: Typist
    pages: int = 0
    posts: int = 0
    forms: set[tuple[str, str, tuple[str, ...]]] = field(default_factory=set)
    """Who, which view, which controls."""
    answers: dict[str, Counter[int]] = field(default_factory=dict)
    """By view: the statuses of what was posted."""
    asked: set[tuple[str, str]] = field(default_factory=set)
    """Addresses and methods that were called with hostile parts."""
    seen: set[str] = field(default_factory=set)
    """Pages that were looked at in the end."""
    faults: list[str] = field(default_factory=list)

    @property
    def views(self) -> set[str]:
        """Views that showed a form of theirs and took a post, instead of only turning it away at the door."""
        posted = {view for view, statuses in self.answers.items() if statuses.keys() - TURNED_AWAY}
        return {view for _, view, _ in self.forms} & posted

    def judge(self, where: str, answer: TestResponse, told: str) -> None:
        """Note what is wrong with an answer; ``told`` is what was typed."""
        if answer.status_code >= 500 and answer.status_code != 503:
            self.faults.append(f"{where} is an error of ours{told}")
        if "X-Evil" in answer.headers:
            self.faults.append(f"{where} carries a header that was typed")
        if answer.location and urlsplit(answer.location).netloc not in ("", "localhost"):
            self.faults.append(f"{where} leads to {answer.location[:80]}")
        if answer.mimetype.startswith(("text/", "application/json")) or answer.mimetype in HTML:
            if SECRET in answer.text:
                self.faults.append(f"{where} shows somebody else's name")
            if answer.mimetype in HTML and (alive := hostile.alive(answer.text)):
                self.faults.append(f"{where} holds {alive!r}{told}")
