"""Residents: found or made at sign-in, their declared profile, what was asserted about them, their end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.identity import sessions
from webapp.identity.models import IdentityLink, Resident
from webapp.ports.identity import Assertion, Level, ProtocolBroken

PROFILE_KEYS = ("name", "kana", "birth", "address", "tel", "email")


@dataclass(frozen=True)
class Asserted:
    """What a provider said last about a resident; beside what the resident declares, never instead of it."""

    provider: str
    level: Level
    name: str
    address: str
    birth: date | None
    gender: str
    name_substituted: bool
    address_substituted: bool
    simulated: bool
    seen_at: datetime


def sign_in(session: Session, assertion: Assertion) -> Resident:
    """Return the resident of (issuer, subject), made at the first sign-in.

    A new resident's profile starts with what was asserted; a known one's profile is not touched.
    """
    now = clock.now()
    link = link_of(session, assertion)
    if link is None:
        resident = Resident(kind=assertion.kind, created_at=now, profile=_first_profile(assertion))
        session.add(resident)
        session.flush()
        add_link(session, resident, assertion)
    else:
        resident = session.get_one(Resident, link.resident_id)
        link.level, link.last_seen_at, link.asserted = int(assertion.level), now, _as_json(assertion)
    resident.last_signed_in_at = now
    resident.protected = resident.protected or assertion.protected  # taken back by staff only
    session.flush()
    actor = Actor("resident", str(resident.id))
    details = {"provider": assertion.provider, "level": assertion.level.key, "simulated": assertion.simulated}
    audit.record(
        session, actor, "resident.sign_in", object_kind="resident", object_id=resident.id, details=details
    )
    return resident


def link_of(session: Session, assertion: Assertion) -> IdentityLink | None:
    """Return the proof that an assertion renews; raises ProtocolBroken for one that was replaced."""
    link = session.scalar(
        select(IdentityLink).where(
            IdentityLink.issuer == assertion.issuer,
            IdentityLink.subject == sessions.digest(assertion.subject),
        )
    )
    if link is not None and link.replaced_by_id is not None:
        raise ProtocolBroken("replaced_subject")
    return link


def add_link(session: Session, resident: Resident, assertion: Assertion) -> IdentityLink:
    """Put a new proof on a resident; the profile is not touched."""
    now = clock.now()
    link = IdentityLink(
        resident_id=resident.id,
        provider=assertion.provider,
        issuer=assertion.issuer,
        subject=sessions.digest(assertion.subject),
        level=int(assertion.level),
        asserted=_as_json(assertion),
        linked_at=now,
        last_seen_at=now,
    )
    session.add(link)
    session.flush()
    return link


def asserted(session: Session, resident_id: int) -> Asserted | None:
    """Return the strongest and latest assertion about a resident, or None without one."""
    link = session.scalar(
        select(IdentityLink)
        .where(IdentityLink.resident_id == resident_id, IdentityLink.replaced_by_id.is_(None))
        .order_by(IdentityLink.level.desc(), IdentityLink.last_seen_at.desc())
    )
    if link is None:
        return None
    said = link.asserted
    return Asserted(
        provider=link.provider,
        level=Level(link.level),
        name=said.get("name", ""),
        address=said.get("address", ""),
        birth=date.fromisoformat(said["birth"]) if said.get("birth") else None,
        gender=said.get("gender", ""),
        name_substituted=bool(said.get("name_substituted")),
        address_substituted=bool(said.get("address_substituted")),
        simulated=bool(said.get("simulated")),
        seen_at=link.last_seen_at,
    )


def declare(session: Session, resident: Resident, values: Mapping[str, Any], actor: Actor) -> None:
    """Change the declared profile; keys outside of ``PROFILE_KEYS`` are ignored."""
    known = {key: values[key] for key in PROFILE_KEYS if key in values}
    changed = sorted(key for key, value in known.items() if resident.profile.get(key) != value)
    resident.profile = {**resident.profile, **known}
    if "email" in changed:
        resident.email_bounced_at = None
    audit.record(
        session,
        actor,
        "resident.profile",
        object_kind="resident",
        object_id=resident.id,
        details={"keys": changed},
    )


def export(session: Session, resident: Resident) -> dict[str, Any]:
    """Return everything this package knows about a resident, for their own eyes."""
    links = session.scalars(select(IdentityLink).where(IdentityLink.resident_id == resident.id))
    return {
        "profile": resident.profile,
        "created_at": resident.created_at.isoformat(),
        "proofs": [
            {
                "provider": link.provider,
                "level": Level(link.level).key,
                "asserted": {k: v for k, v in link.asserted.items() if k != "raw"},
                "linked_at": link.linked_at.isoformat(),
                "last_seen_at": link.last_seen_at.isoformat(),
            }
            for link in links
        ],
        "sessions": [
            {
                "device": row.device,
                "created_at": row.created_at.isoformat(),
                "seen_at": row.seen_at.isoformat(),
            }
            for row in sessions.of_resident(session, resident.id)
        ],
    }


def close_account(session: Session, resident: Resident, actor: Actor) -> None:
    """End an account: profile and proofs are deleted, sessions end. Submitted cases stay: they are 公文書."""
    resident.profile, resident.deleted_at = {}, clock.now()
    session.execute(delete(IdentityLink).where(IdentityLink.resident_id == resident.id))
    sessions.revoke_all(session, resident_id=resident.id)
    audit.record(session, actor, "resident.close", object_kind="resident", object_id=resident.id)


def _first_profile(assertion: Assertion) -> dict[str, Any]:
    found = {
        "name": assertion.name,
        "birth": assertion.birth.isoformat() if assertion.birth else "",
        "address": assertion.address,
        "email": assertion.email,
    }
    return {key: value for key, value in found.items() if value}


def _as_json(assertion: Assertion) -> dict[str, Any]:
    return {
        "subject": assertion.subject,
        "name": assertion.name,
        "address": assertion.address,
        "birth": assertion.birth.isoformat() if assertion.birth else None,
        "gender": assertion.gender,
        "acr": sorted(assertion.acr),
        "name_substituted": assertion.name_substituted,
        "address_substituted": assertion.address_substituted,
        "revocation": assertion.revocation,
        "simulated": assertion.simulated,
        "raw": dict(assertion.raw),
    }
