"""Mandates: one resident lets another act, within a scope and a time; both by card, either may end it.

A resident under 支援措置 neither offers nor takes mandates online: a link could lead somebody to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.db import new_token
from webapp.errors import Forbidden, IllegalStep, InvalidInput, NotFound
from webapp.identity import throttle
from webapp.identity.mandate_models import Mandate
from webapp.identity.models import Resident
from webapp.identity.sessions import digest

OFFER = timedelta(days=7)
LONGEST = timedelta(days=366)
AT_COUNTER = "委任は、窓口でお手続きください。"


def offer(
    session: Session,
    grantor: Resident,
    *,
    procedures: Sequence[str],
    valid_to: date,
    note: str,
    actor: Actor,
    shares_profile: bool = False,
) -> tuple[Mandate, str]:
    """Offer a mandate; returns it with the token of the link to hand over, which is not kept."""
    _may_use(grantor)
    throttle.count(session, "mandate.offer", str(grantor.id))
    today = clock.today()
    if not today <= valid_to <= today + LONGEST:
        raise InvalidInput(
            "valid_to", field="valid_to", say="終わりの日は、今日から1年以内の日付にしてください。"
        )
    token, now = new_token(24), clock.now()
    row = Mandate(
        token_hash=digest(token),
        grantor_id=grantor.id,
        basis="online",
        procedures=sorted(set(procedures)),
        valid_from=today,
        valid_to=valid_to,
        shares_profile=shares_profile,
        note=note.strip()[:400] or None,
        offered_at=now,
        offer_ends_at=now + OFFER,
    )
    session.add(row)
    session.flush()
    _record(session, actor, "mandate.offer", row)
    return row, token


def of_token(session: Session, token: str, reader: Resident) -> Mandate:
    """Return an open offer; raises NotFound when it was taken, ended, is the reader's own, or never was."""
    row = session.scalar(select(Mandate).where(Mandate.token_hash == digest(token)))
    is_open = (
        row is not None
        and row.accepted_at is None
        and row.declined_at is None
        and row.revoked_at is None
        and clock.now() < row.offer_ends_at
    )
    if row is None or not is_open or row.grantor_id == reader.id or _grantor(session, row).protected:
        raise NotFound("mandate offer")
    return row


def accept(session: Session, token: str, agent: Resident, actor: Actor) -> Mandate:
    """Take an offer; raises NotFound, or Forbidden for a resident who may not."""
    _may_use(agent)
    row = of_token(session, token, agent)
    taken = update(Mandate).where(Mandate.id == row.id, Mandate.accepted_at.is_(None))
    values = {"agent_id": agent.id, "accepted_at": clock.now()}
    if not session.execute(taken.values(**values).returning(Mandate.id)).all():
        raise NotFound("mandate offer")
    session.refresh(row)
    _record(session, actor, "mandate.accept", row)
    return row


def decline(session: Session, token: str, agent: Resident, actor: Actor) -> None:
    """Say no to an offer."""
    row = of_token(session, token, agent)
    row.declined_at = clock.now()
    _record(session, actor, "mandate.decline", row)


def revoke(session: Session, mandate_id: int, who: Resident, actor: Actor) -> Mandate:
    """End a mandate, by either side, at once; raises NotFound for anybody else's."""
    row = session.get(Mandate, mandate_id)
    if row is None or who.id not in (row.grantor_id, row.agent_id):
        raise NotFound(f"mandate {mandate_id}")
    if row.revoked_at is not None:
        raise IllegalStep("revoke", state="revoked", say="この委任は、もう終わっています。")
    row.revoked_at, row.revoked_by = clock.now(), "grantor" if who.id == row.grantor_id else "agent"
    _record(session, actor, "mandate.revoke", row)
    return row


def of_resident(session: Session, resident: Resident) -> list[Mandate]:
    """Return every mandate a resident gave or holds, newest first."""
    mine = or_(Mandate.grantor_id == resident.id, Mandate.agent_id == resident.id)
    return list(session.scalars(select(Mandate).where(mine).order_by(Mandate.id.desc())))


def in_force(
    session: Session, mandate_id: int, agent: Resident, *, procedure: str | None = None
) -> Mandate | None:
    """Return a mandate this agent may use today (for this procedure), else None."""
    row = session.get(Mandate, mandate_id)
    if row is None or row.agent_id != agent.id or row.accepted_at is None or row.revoked_at is not None:
        return None
    grantor = _grantor(session, row)
    if (
        not row.valid_from <= clock.today() <= row.valid_to
        or grantor.deleted_at is not None
        or grantor.protected
    ):
        return None
    return row if procedure is None or not row.procedures or procedure in row.procedures else None


def grantor_name(session: Session, row: Mandate) -> str:
    """Return the name to show the agent."""
    return str(_grantor(session, row).profile.get("name", ""))


def grantor_profile(session: Session, row: Mandate) -> dict[str, Any]:
    """Return what of the grantor may fill in the agent's forms."""
    profile = _grantor(session, row).profile
    keys = ("name", "kana", "birth", "address") if row.shares_profile else ("name",)
    return {key: profile[key] for key in keys if profile.get(key)}


def agent_of(
    session: Session, grantor_id: int, sender_id: str | None
) -> tuple[Resident | None, Mandate | None]:
    """Return who sent something for ``grantor_id``, and its mandate, ended ones too; else (None, None)."""
    if sender_id is None or not sender_id.isdecimal() or int(sender_id) == grantor_id:
        return None, None
    given = Mandate.grantor_id == grantor_id, Mandate.agent_id == int(sender_id)
    taken = session.scalars(select(Mandate).where(*given, Mandate.accepted_at.is_not(None))).first()
    return (session.get(Resident, int(sender_id)), taken) if taken else (None, None)


def state(row: Mandate) -> str:
    """Return ``offered``, ``lapsed``, ``declined``, ``revoked``, ``over`` or ``in_force``."""
    if row.revoked_at is not None:
        return "revoked"
    if row.declined_at is not None:
        return "declined"
    if row.accepted_at is None:
        return "offered" if clock.now() < row.offer_ends_at else "lapsed"
    return "in_force" if clock.today() <= row.valid_to else "over"


def _may_use(resident: Resident) -> None:
    if resident.protected or resident.kind != "person":
        raise Forbidden("mandates at the counter only", say=AT_COUNTER)


def _grantor(session: Session, row: Mandate) -> Resident:
    return session.get_one(Resident, row.grantor_id)


def _record(session: Session, actor: Actor, action: str, row: Mandate) -> None:
    details = {"procedures": list(row.procedures), "valid_to": row.valid_to.isoformat()}
    audit.record(session, actor, action, object_kind="mandate", object_id=row.id, details=details)
