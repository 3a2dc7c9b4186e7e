"""Accounts of the crawl's staff, their second factors, invitations, and what waits for a second person."""

from __future__ import annotations

from collections.abc import Iterator

import pyotp
from sqlalchemy.orm import Session

from tests.proofs import hostile
from tests.proofs.crawl_town import CLOSED, Town, Walker
from webapp import clock
from webapp.audit import SYSTEM
from webapp.booking.facility import Facilities
from webapp.city import Department
from webapp.identity import (
    factors,
    four_eyes,
    grants,
    invitations,
    sessions,
    staff_accounts,
    staff_links,
    visits,
)
from webapp.identity.models import Staff
from webapp.identity.permissions import ROLES
from webapp.identity.sessions import Holder
from webapp.identity.verified_mandates import Represented, record
from webapp.ports.identity import Assertion, Level

EVERYWHERE = ("publicist", "statistics", "auditor", "admin")
PASSWORD = "correct horse battery staple"
OF_FACILITIES = ("facility", "designated")


def accounts(
    session: Session, departments: dict[str, Department], facilities: Facilities
) -> Iterator[tuple[str, Staff]]:
    """One account for each role, in every department that walks."""
    open_departments = [key for key in departments if key not in CLOSED]
    places = [facility.slug for facility in facilities if facility.department not in CLOSED]
    for role in ROLES:
        scopes = open_departments
        if role in EVERYWHERE:
            scopes = ["*"]
        if role in OF_FACILITIES:
            scopes = [f"facility:{slug}" for slug in places]
        yield (
            role,
            staff_accounts.create(
                session,
                login=f"crawl-{role}",
                name=f"巡回 {role}",
                department=open_departments[0],
                roles=[f"{role}@{scope}" for scope in scopes],
                actor=SYSTEM,
            ),
        )


def furnish(session: Session, town: Town) -> None:
    """Open what belongs to accounts: other browsers, factors, invitations, requests, visits."""
    for role, staff in town.staff.items():
        sessions.create(session, "staff", {}, town.holder(role), device="elsewhere")
        if role in ("reviewer", "admin"):
            _second_factor(session, staff)
    spare = _account(session, "crawl-spare")
    town.own["admin"].append(f"/staff/accounts/{spare.id}")
    _doors(session, town)
    _requests(session, town)
    for role in ("reception", "reviewer"):
        _visit(session, town, role)


def _second_factor(session: Session, staff: Staff) -> None:
    factor = factors.begin_totp(session, staff, "認証アプリ")
    factors.confirm_totp(session, staff, factor.id, pyotp.TOTP(factor.secret.decode()).now(), SYSTEM)


def _account(session: Session, login: str, *, password: str | None = None) -> Staff:
    """An account beside those that walk, for what would end a walk."""
    return staff_accounts.create(
        session,
        login=login,
        name=hostile.MARKUP[0],
        department="citizen",
        roles=["reviewer@citizen"],
        password=password,
        actor=SYSTEM,
    )


def _doors(session: Session, town: Town) -> None:
    """An invitation; half a sign-in; an officer who signed in too long ago for a dangerous action."""
    token = invitations.invite(session, _account(session, "crawl-invited"), SYSTEM)
    town.own["anonymous"] += ["/staff/sign-in", f"/staff/invitation/{token}"]
    half = {"staff": town.staff["reviewer"].id, "next": "", "at": clock.now().isoformat()}
    town.walkers["half signed in"] = Walker(
        "staff", Holder(), data={"second_factor": half}, seeds=["/staff/sign-in/second"],
        roams=False, door="/staff/sign-in/second",
    )  # fmt: skip
    late = _account(session, "crawl-late", password=PASSWORD)
    staff_links.link(
        session, late, Assertion("shared", "https://sso.example", "crawl", Level.ACCOUNT, clock.now())
    )
    town.walkers["signed in long ago"] = Walker(
        "staff", Holder(staff_id=late.id), role="reviewer", seeds=["/staff/confirm?next=/staff/export"],
        roams=False, door="/staff/confirm",
    )  # fmt: skip


def _requests(session: Session, town: Town) -> None:
    """Requests of two officers, so that each who approves finds one of somebody else."""
    for role in ("admin", "approver"):
        for turn in range(2):
            give = {"add": [f"reception@{'*' if turn else 'citizen'}"], "remove": []}
            made = four_eyes.ask(
                session,
                town.staff[role],
                grants.ACTION,
                object_id=town.staff["statistics"].id,
                payload=give,
                departments=() if role == "approver" else ("citizen",),
            )
            assert made is not None


def _visit(session: Session, town: Town, role: str) -> None:
    """A person at the counter with the card read, and somebody they act for; and a tablet in that visit."""
    visit, code = visits.start(session, town.staff[role], town.actor(role))
    visits.join(session, code)
    visits.identified(session, visit, town.owner)
    person = Represented("見本 太郎", "ミホン タロウ", None, {})
    mandate = record(
        session,
        visit,
        town.staff[role],
        person,
        basis="paper",
        procedures=[next(iter(town.services.library))],
        valid_to=clock.today(),
        seen="委任状",
        not_shielded=True,
        actor=town.actor(role),
    )
    assert mandate.id
    town.own[role] += [f"/staff/counter/{visit.id}/mandates/", f"/staff/counter/{visit.id}"]
    town.walkers["tablet"] = Walker(
        "resident", Holder(resident_id=town.owner.id, level=int(Level.CARD), authenticated_at=clock.now()),
        data={"visit": visit.id}, seeds=["/counter/menu"], roams=False, door="/counter/menu",
    )  # fmt: skip
