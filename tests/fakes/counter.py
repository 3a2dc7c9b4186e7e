"""A whole counter for screen tests: the real app on a fresh database, with a library of small procedures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from integrations.scanner.sandbox import SandboxScanner
from integrations.storage.folder import FolderStorage
from webapp import clock, wiring
from webapp.app import create_app
from webapp.city import load_city
from webapp.db import Database
from webapp.form_engine.load import Library
from webapp.form_engine.model import Definition
from webapp.identity import sessions as session_store
from webapp.identity.models import IdentityLink, Resident
from webapp.ports.identity import Level
from webapp.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def counter(database_url: str, folder: Path, *definitions: Definition) -> Flask:
    """The application with these procedures, files kept in ``folder``."""
    settings = Settings(database_url=database_url, data_dir=folder, city_dir=ROOT / "demo")
    services = wiring.Services(
        settings=settings,
        database=Database(database_url),
        city=load_city(ROOT / "demo"),
        library=Library({definition.slug: definition for definition in definitions}),
        identity={},
        payment={},
        storage=FolderStorage(folder / "files"),
        scanner=SandboxScanner(),
        mail=None,
        line=None,
        links=wiring.links_of("http://localhost"),
        settle_handlers=wiring.settle_handlers(),
        outbox_handlers={},
        form_targets=(),
    )
    return create_app(services)


def offer(app: Flask, *definitions: Definition) -> None:
    """Change the procedures that are live."""
    services = app.extensions["madoguchi"]
    library = Library({definition.slug: definition for definition in definitions})
    app.extensions["madoguchi"] = replace(services, library=library)


def sign_in(app: Flask, client: FlaskClient, level: Level = Level.CARD, **profile: Any) -> int:
    """Give this client the session of a new resident; returns the resident's id."""
    database: Database = app.extensions["madoguchi"].database
    now = clock.now()
    with database.transaction() as session:
        resident = Resident(created_at=now, profile={"name": "見本 花子", "tel": "0773662000", **profile})
        session.add(resident)
        session.flush()
        asserted = {"name": "見本 花子", "address": "京都府みほん市中央町1-2-3", "birth": "1990-04-01"}
        session.add(
            IdentityLink(
                resident_id=resident.id,
                provider="sandbox",
                issuer="test",
                subject=str(resident.id),
                level=int(level),
                asserted=asserted,
                linked_at=now,
                last_seen_at=now,
            )
        )
        resident_id = resident.id
    adopt(app, client, resident_id, level)
    return resident_id


def adopt(app: Flask, client: FlaskClient, resident_id: int, level: Level = Level.CARD) -> None:
    """Sign a known resident in on another browser."""
    database: Database = app.extensions["madoguchi"].database
    with database.transaction() as session:
        holder = session_store.Holder(resident_id=resident_id, level=int(level), authenticated_at=clock.now())
        _row, token = session_store.create(session, "resident", {}, holder, device="test")
    client.set_cookie("madoguchi", token)


class Inputs(HTMLParser):
    """Collects what a browser would send for a form."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name")
        if tag == "select":
            self._select = name
        if tag == "option" and self._select and "selected" in given:
            self.values.setdefault(self._select, []).append(given.get("value") or "")
        if tag == "textarea" and name:
            self._area = name
            self.values[name] = [""]
        if tag != "input" or not name or given.get("type") in ("submit", "file"):
            return
        if given.get("type") in ("radio", "checkbox") and "checked" not in given:
            return
        self.values.setdefault(name, []).append(given.get("value") or "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area][0] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._area = None


def inputs(response: TestResponse) -> dict[str, list[str]]:
    """What the forms of a page would send as they stand."""
    parser = Inputs()
    parser.feed(response.get_data(as_text=True))
    return parser.values


def send(
    client: FlaskClient, page: TestResponse, url: str, typed: Mapping[str, Any], *, htmx: bool = False
) -> TestResponse:
    """Post a page's form with some fields typed."""
    values: dict[str, Any] = {**inputs(page), **typed}
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(
        url,
        data={name: value for name, value in values.items() if value is not None},
        headers=headers,
        content_type="multipart/form-data",
    )


def draft_token(location: str) -> str:
    """The token in an address such as /apply/<token>/pages/what."""
    found = re.search(r"/apply/([^/]+)", location)
    assert found is not None
    return found[1]
