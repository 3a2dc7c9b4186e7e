"""The sample city furnished for the crawl: one resident's things, another's secrets, one account for each role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from argon2 import PasswordHasher
from sqlalchemy import BigInteger, Integer, String, event, inspect
from sqlalchemy.orm import Session

from tests.fakes.whole_city import whole_city
from tests.proofs import crawl_bookings, crawl_cases, crawl_messages, crawl_money, crawl_people, crawl_staff
from tests.proofs.crawl_town import SECRET, CrawlCity, Town, Walker
from webapp import clock
from webapp.db import Base
from webapp.identity import passwords, throttle
from webapp.identity.models import Resident
from webapp.identity.permissions import ROLES
from webapp.identity.sessions import Holder
from webapp.ports.identity import Level


def furnish(url: str, folder: Path) -> CrawlCity:
    """Build the city on a migrated database, with every state from which a form appears."""
    app = whole_city(url, folder)
    services = app.extensions["madoguchi"]
    with services.database.transaction() as session:
        owner, other = [_resident(session, name) for name in ("巡回 太郎", SECRET)]
        staff = dict(crawl_staff.accounts(session, services.city.departments, services.facilities))
        town = Town(services, folder, owner, other, staff, _walkers(owner))
        for role in ROLES:
            town.walkers[role] = Walker("staff", town.holder(role), role=role)
        for part in (crawl_cases, crawl_bookings, crawl_people, crawl_staff, crawl_messages):
            part.furnish(session, town)
    crawl_money.furnish(town)
    for name, walker in town.walkers.items():
        shared = {"resident": town.mine, "staff": town.desk}.get(walker.side, []) if walker.roams else []
        walker.seeds += [*town.own[name], *shared]
    # Who waits for an answer that soon runs out goes first; who opens everything does away with it.
    first = sorted(town.walkers, key=lambda name: (name != "anonymous", town.walkers[name].roams))
    return CrawlCity(app, {name: town.walkers[name] for name in first})


def _walkers(owner: Resident) -> dict[str, Walker]:
    card = Holder(resident_id=owner.id, level=int(Level.CARD), authenticated_at=clock.now())
    return {
        "anonymous": Walker("anonymous"),
        "resident": Walker("resident", card, spares=("resident.account.close",)),
    }


def _resident(session: Session, name: str) -> Resident:
    profile = {"name": name, "tel": "0000551234", "email": f"{len(name)}@mihon.example"}
    row = Resident(created_at=clock.now(), profile=profile)
    session.add(row)
    session.flush()
    return row


@contextmanager
def strict() -> Iterator[None]:
    """Let SQLite refuse what PostgreSQL would (lengths, 32-bit numbers); no limit of attempts, cheap passwords."""
    # What a password costs to check is not what is tried here.
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    many = {name: replace(limit, attempts=10**9) for name, limit in throttle.LIMITS.items()}
    event.listen(Session, "before_flush", _as_postgresql)
    try:
        with patch.dict(throttle.LIMITS, many), patch.object(passwords, "_hasher", lambda: cheap):
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
