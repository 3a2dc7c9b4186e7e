"""A walk over every address of the application, as anybody, with objects that belong to somebody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.routing import IntegerConverter, Rule
from werkzeug.test import TestResponse

from tests.casework_office import VISITOR, Office, open_office
from webapp import clock
from webapp.audit import SYSTEM
from webapp.db import Database
from webapp.identity import sessions, staff_accounts
from webapp.identity.models import Resident
from webapp.identity.permissions import ROLES
from webapp.identity.sessions import Holder
from webapp.intake import drafts
from webapp.ports.identity import Level
from webapp.web.guards import Guard, guard_of

NAME = "秘密の申請者"
MISSING = {"reference": "26-0000-0000", "token": "no-such-token"}


@dataclass
class Walk:
    """The office, and the objects that belong to somebody."""

    office: Office
    reference: str
    draft: str
    owner: int
    other: int
    staff: dict[str, int]
    checks_pages: bool = True
    """Off where only the status counts: parsing ten roles' pages took most of the time."""

    def client(self, side: str, holder: Holder) -> FlaskClient:
        client = self.browser()
        with self.office.database.transaction() as session:
            _, token = sessions.create(session, side, {}, holder)
        client.set_cookie("madoguchi_staff" if side == "staff" else "madoguchi", token)
        return client

    def browser(self) -> FlaskClient:
        app = self.office.app
        return app.test_client() if self.checks_pages else FlaskClient(app, app.response_class)

    def as_staff(self, role: str, scope: str) -> FlaskClient:
        return self.client(
            "staff", Holder(staff_id=self.staff[f"{role}@{scope}"], authenticated_at=clock.now())
        )

    def as_resident(self, resident_id: int | None) -> FlaskClient:
        if resident_id is None:
            return self.browser()
        holder = Holder(resident_id=resident_id, level=int(Level.CARD), authenticated_at=clock.now())
        return self.client("resident", holder)

    def call(self, client: FlaskClient, rule: Rule, method: str, objects: dict[str, str]) -> TestResponse:
        values = self.values(rule, objects)
        with self.office.app.test_request_context():
            address = self.office.app.url_map.bind("localhost").build(rule.endpoint, values, method=method)
        return client.open(address, method=method)

    def values(self, rule: Rule, objects: dict[str, str]) -> dict[str, Any]:
        numbers = {name for name, kind in rule._converters.items() if isinstance(kind, IntegerConverter)}
        return {
            name: 999_999 if name in numbers and name != "staff_id" else self.value(name, objects)
            for name in rule.arguments
        }

    def value(self, name: str, objects: dict[str, str]) -> Any:
        if name == "token":
            return objects.get("token", self.draft)
        if name == "reference":
            return objects.get("reference", self.reference)
        if name == "staff_id":
            return self.staff["dummy"]
        return {"slug": "test-application", "page_key": "applicant", "step": "accept"}.get(name, "nothing")


def open_walk(template: str, folder: Path) -> Walk:
    """Build the office on a copy of the empty database and furnish it."""
    shutil.copy(template.removeprefix("sqlite:///"), folder / "db.sqlite3")
    return _furnish(open_office(Database(f"sqlite:///{folder / 'db.sqlite3'}"), folder))


def _furnish(office: Office) -> Walk:
    with office.database.transaction() as session:
        residents = [Resident(created_at=clock.now(), profile={"name": name}) for name in (NAME, "別の住民")]
        session.add_all(residents)
        session.flush()
        case = office.submitted(session, applicant_name=NAME).case
        case.resident_id = residents[0].id
        draft = drafts.start(
            session,
            office.services.library["test-application"],
            drafts.Owner(residents[0].id),
            lang="ja",
            actor=VISITOR,
            answers={"applicant_name": NAME},
        )
        staff = {}
        for grant in ["dummy", *(f"{role}@{scope}" for role in ROLES for scope in ("citizen", "tax"))]:
            login = grant.replace("@", ".")
            roles = [] if grant == "dummy" else [grant]
            made = staff_accounts.create(
                session, login=login, name=login, department="citizen", roles=roles, actor=SYSTEM
            )
            staff[grant] = made.id
        return Walk(office, case.reference, draft.token, residents[0].id, residents[1].id, staff)


def routes(walk: Walk, *kinds: str) -> Iterator[tuple[Rule, str, Guard]]:
    for rule in walk.office.app.url_map.iter_rules():
        guard = guard_of(walk.office.app.view_functions[rule.endpoint])
        if guard is not None and guard.kind in kinds:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method, guard
