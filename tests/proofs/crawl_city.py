"""The sample city furnished for the crawl: one resident's things, another's secrets, one account for each role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import BigInteger, Integer, String, event, inspect
from sqlalchemy.orm import Session

from tests.fakes.whole_city import whole_city
from tests.proofs import hostile
from webapp import clock
from webapp.applications.submit import submit
from webapp.audit import SYSTEM, Actor
from webapp.booking.confirm import confirm
from webapp.booking.details import Details, describe
from webapp.booking.facility import Facility, Room
from webapp.booking.hold import hold
from webapp.booking.person import Booker
from webapp.booking.wish import Wish, starts_of
from webapp.calendar.business import city_hall
from webapp.db import Base
from webapp.errors import MadoguchiError
from webapp.form_engine import cases
from webapp.form_engine.load import folders
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context
from webapp.identity import invitations, sessions, staff_accounts, throttle
from webapp.identity.models import Resident
from webapp.identity.permissions import ROLES
from webapp.identity.sessions import Holder
from webapp.intake import drafts
from webapp.ports.identity import Level
from webapp.settings import ROOT
from webapp.web.sessions import COOKIES

SECRET = "秘密野守子"
"""The name of somebody whose case, booking and charge no role of the crawl may see."""
CLOSED = ("tax", "sports")
"""The departments of that case and that booking: no role of the crawl reaches them."""
VISITOR = Actor("visitor", None, "申請者")
EVERYWHERE = ("publicist", "statistics", "auditor", "admin")
OF_FACILITIES = ("facility", "designated")


@dataclass
class CrawlCity:
    """The application, and who is who in it."""

    app: Flask
    owner: int
    staff: dict[str, int]
    addresses: dict[str, list[str]]
    """By side: what no page of the start leads to."""

    def browser(self, role: str) -> FlaskClient:
        """A browser of ``anonymous``, ``resident`` or a staff role, freshly signed in."""
        client = FlaskClient(self.app, self.app.response_class)
        if role == "anonymous":
            return client
        now, side = clock.now(), "resident" if role == "resident" else "staff"
        holder = Holder(staff_id=self.staff.get(role), authenticated_at=now)
        if side == "resident":
            holder = Holder(resident_id=self.owner, level=int(Level.CARD), authenticated_at=now)
        with self.app.extensions["madoguchi"].database.transaction() as session:
            _, token = sessions.create(session, side, {}, holder, device="crawl")
        client.set_cookie(COOKIES[side], token)
        return client


def furnish(url: str, folder: Path) -> CrawlCity:
    """Build the city on a migrated database."""
    app = whole_city(url, folder)
    services = app.extensions["madoguchi"]
    facilities = list(services.facilities)
    with services.database.transaction() as session:
        owner, other = [_resident(session, name) for name in ("巡回 太郎", SECRET)]
        mine, desk = list[str](), list[str]()
        for number, (definition, answers) in enumerate(_worked(services.library)):
            hidden = definition.department in CLOSED
            given = _renamed(answers, SECRET if hidden else hostile.MARKUP[number % 7])
            draft = drafts.start(
                session, definition, drafts.Owner(owner), lang="ja", actor=VISITOR, answers=dict(given)
            )
            sent = _send(session, definition, given, other if hidden else owner)
            if hidden:
                session.delete(draft)
                continue
            mine += [f"/apply/{draft.token}/check", f"/apply/{draft.token}"]
            mine += [f"/cases/{sent}", f"/cases/{sent}/access"] if sent else []
            desk += [f"/staff/cases/{sent}", f"/staff/cases/{sent}/shield"] if sent else []
        _book(session, services.facilities, facilities[0], other, SECRET)
        booked = _book(session, services.facilities, facilities[1], owner, "巡回 太郎")
        mine += [f"/cases/{booked}", f"/cases/{booked}/bookings"]
        staff = dict(_staff(session, services.city.departments, [one.slug for one in facilities[1:]]))
        invited = staff_accounts.get(session, staff["statistics"])
        token = invitations.invite(session, invited, SYSTEM)
    anonymous = ["/staff/sign-in", f"/staff/invitation/{token}"]
    return CrawlCity(app, owner, staff, {"resident": mine, "staff": desk, "anonymous": anonymous})


@contextmanager
def strict() -> Iterator[None]:
    """Let SQLite refuse what PostgreSQL would (lengths, 32-bit numbers), and let no limit of attempts stop us."""
    many = {name: replace(limit, attempts=10**9) for name, limit in throttle.LIMITS.items()}
    event.listen(Session, "before_flush", _as_postgresql)
    try:
        with patch.dict(throttle.LIMITS, many):
            yield
    finally:
        event.remove(Session, "before_flush", _as_postgresql)


def _as_postgresql(session: Session, _context: object, _instances: object) -> None:
    for thing in (*session.new, *session.dirty):
        if not isinstance(thing, Base):
            continue
        for attribute in inspect(type(thing)).column_attrs:
            kind, value = attribute.columns[0].type, getattr(thing, attribute.key, None)
            where = f"{type(thing).__name__}.{attribute.key}"
            if isinstance(kind, String) and kind.length and isinstance(value, str):
                assert len(value) <= kind.length, f"{where} is longer than {kind.length}"
            if isinstance(kind, Integer) and not isinstance(kind, BigInteger) and isinstance(value, int):
                assert abs(value) < 2**31, f"{where} is no 32-bit number"


def _resident(session: Session, name: str) -> int:
    profile = {"name": name, "tel": "0000551234", "email": f"{len(name)}@mihon.example"}
    row = Resident(created_at=clock.now(), profile=profile)
    session.add(row)
    session.flush()
    return row.id


def _worked(library: Any) -> Iterator[tuple[Definition, dict[str, Any]]]:
    """Each procedure with the answers of its first worked case that has no mistake."""
    for folder in folders([ROOT / "forms"]):
        definition = library.get(folder.name)
        if definition is None or not (folder / "cases.yaml").exists():
            continue
        given = cases.load(folder)
        good = [one for one in given.cases if not one.expect.problems and not one.expect.stops]
        if good:
            yield definition, cases.answers_of(given, good[0])


def _renamed(answers: dict[str, Any], name: str) -> dict[str, Any]:
    return {
        key: name if key.endswith("name") and isinstance(value, str) else value
        for key, value in answers.items()
    }


def _send(session: Session, definition: Definition, answers: dict[str, Any], by: int) -> str:
    """Send it if today is a day for it; return the reference or nothing."""
    now = clock.tokyo(clock.now())
    draft = drafts.start(
        session, definition, drafts.Owner(by), lang="ja", actor=VISITOR, answers=dict(answers)
    )
    try:
        with session.begin_nested():
            case = submit(
                session,
                draft,
                context=Context(today=now.date(), now=now, calendar=city_hall()),
                actor=Actor("resident", str(by), "申請者"),
            ).case
            return case.reference
    except MadoguchiError:
        session.delete(draft)
        return ""


def _book(session: Session, facilities: Any, facility: Facility, by: int, name: str) -> str:
    """Book the first room of the facility that lets itself be booked; return the reference."""
    person = Booker(f"resident:{by}", by, {"resident": True, "ticket": 0, "commercial": False})
    for room in facility.rooms:
        for wish in _wishes(facility, room):
            try:
                with session.begin_nested():
                    booking = hold(session, facilities, wish, person)
                    describe(session, facilities, booking.token, Details(persons=1, title=name))
                    contact = {"name": name, "tel": "0000551234", "email": "", "lang": "ja"}
                    done = confirm(session, facilities, booking.basket, contact=contact, actor=VISITOR)
                    done.case.resident_id = by
                    return done.case.reference
            except (MadoguchiError, KeyError, ValueError):
                continue
    raise AssertionError(f"{facility.slug} lets nobody book")


def _wishes(facility: Facility, room: Room) -> Iterator[Wish]:
    for ahead in (20, 40, 60):
        day = clock.today() + timedelta(days=ahead)
        for span in starts_of(facility, room)[:1]:
            bands = tuple(band.key for band in facility.single_bands(room))[:1]
            yield Wish(facility.slug, room.key, day, bands, span.start, span.end, 1)


def _staff(session: Session, departments: Any, places: list[str]) -> Iterator[tuple[str, int]]:
    open_departments = [key for key in departments if key not in CLOSED]
    for role in ROLES:
        scopes = open_departments
        if role in EVERYWHERE:
            scopes = ["*"]
        if role in OF_FACILITIES:
            scopes = [f"facility:{slug}" for slug in places]
        made = staff_accounts.create(
            session,
            login=f"crawl-{role}",
            name=f"巡回 {role}",
            department=open_departments[0],
            roles=[f"{role}@{scope}" for scope in scopes],
            actor=SYSTEM,
        )
        yield role, made.id
