"""The city of the crawl: the application, who walks through it, and what their browsers bring along."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from flask import Flask
from flask.testing import FlaskClient

from webapp import clock
from webapp.audit import Actor
from webapp.identity import sessions
from webapp.identity.models import Resident, Staff
from webapp.identity.sessions import Holder
from webapp.web.sessions import COOKIES
from webapp.wiring import Services

SECRET = "秘密野守子"
"""The name of somebody whose case, booking and charge no walker of the crawl may see."""
CLOSED = ("tax", "sports")
"""The departments of that case and that booking: no walker of the crawl reaches them."""
VISITOR = Actor("visitor", None, "申請者")
Side = Literal["anonymous", "resident", "staff"]


@dataclass
class Walker:
    """Somebody who goes through the site.

    ``role`` is the staff role; ``data`` is what the session holds at the start; ``seeds`` are addresses no
    page of the start leads to; who does not ``roam`` opens only these; ``door`` is a page with a token;
    ``spares`` names views that would end this walk and are left to somebody else.
    """

    side: Side
    holder: Holder | None = None
    role: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    seeds: list[str] = field(default_factory=list)
    roams: bool = True
    door: str = ""
    spares: tuple[str, ...] = ()


@dataclass
class CrawlCity:
    """The application, and who walks through it."""

    app: Flask
    walkers: dict[str, Walker]

    def browser(self, name: str) -> FlaskClient:
        """A browser of this walker, freshly signed in."""
        walker = self.walkers[name]
        client = FlaskClient(self.app, self.app.response_class)
        if walker.holder is None:
            return client
        side = "staff" if walker.side == "staff" else "resident"
        with self.app.extensions["madoguchi"].database.transaction() as session:
            _, token = sessions.create(session, side, walker.data, walker.holder, device="crawl")
        client.set_cookie(COOKIES[side], token)
        return client


@dataclass
class Town:
    """What the furnishing works with: who is who, and the addresses it has made for whom."""

    services: Services
    folder: Path
    owner: Resident
    other: Resident
    staff: dict[str, Staff]
    """By role."""
    walkers: dict[str, Walker]
    mine: list[str] = field(default_factory=list)
    """Addresses for the resident."""
    desk: list[str] = field(default_factory=list)
    """Addresses for every staff role."""
    case_id: int = 0
    """A case in which the charges stand."""
    own: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Addresses for one walker."""

    def actor(self, role: str) -> Actor:
        """Return a member of staff as the one who acts."""
        return Actor("staff", str(self.staff[role].id), self.staff[role].name)

    def holder(self, role: str) -> Holder:
        """Return a member of staff who has signed in just now."""
        return Holder(staff_id=self.staff[role].id, authenticated_at=clock.now())

    def departments(self) -> Iterator[str]:
        """The departments whose staff walk."""
        return (key for key in self.services.city.departments if key not in CLOSED)
