"""Mandates that staff record at the counter: a guardian of a minor, or a letter of authorisation they saw.

A card proves one person and no household: the agent reads the card on the tablet, staff look at the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.db import new_token
from webapp.errors import Forbidden, IllegalStep, InvalidInput, NotFound
from webapp.identity.mandate_models import CounterVisit, Mandate
from webapp.identity.mandates import AT_COUNTER, LONGEST
from webapp.identity.models import Resident, Staff
from webapp.identity.residents import asserted
from webapp.identity.sessions import digest

EARLIEST = date(1900, 1, 1)
OF_AGE = 18
"""Years; 民法 第4条."""


@dataclass(frozen=True)
class Represented:
    """Who is represented, as the paper says; ``address`` in the parts of a profile."""

    name: str
    kana: str
    birth: date | None
    address: dict[str, str]


def record(
    session: Session,
    visit: CounterVisit,
    staff: Staff,
    person: Represented,
    *,
    basis: str,
    procedures: Sequence[str],
    valid_to: date | None,
    seen: str,
    not_shielded: bool,
    actor: Actor,
) -> Mandate:
    """Record a mandate for whoever read the card in this visit. Raises InvalidInput with its field.

    ``basis`` is ``guardian`` (of a minor, until the day before they are of age) or ``paper``; ``seen`` names
    the document; ``not_shielded`` says that staff have checked that no 支援措置 stands against it.
    """
    agent = session.get(Resident, visit.resident_id) if visit.resident_id is not None else None
    if agent is None or visit.proof != "card":
        raise IllegalStep(
            "record", state=visit.proof, say="先に、代理の人がタブレットでカードを読み取ります。"
        )
    if agent.protected or agent.kind != "person":
        raise Forbidden("mandates at the counter only", say=AT_COUNTER)
    if person.birth is not None and not EARLIEST <= person.birth <= clock.today():
        raise InvalidInput("birth", field="birth", say="生年月日を確かめてください。")
    last = _last_day(session, agent, person, basis, valid_to)
    if not person.name.strip():
        raise InvalidInput("name", field="name", say="本人の氏名を入力してください。")
    if not seen.strip():
        raise InvalidInput("seen", field="seen", say="確認した書類を入力してください。")
    if not not_shielded:
        raise InvalidInput(
            "shield", field="not_shielded", say="支援措置の対象でないことを確かめ、チェックを入れてください。"
        )
    now = clock.now()
    grantor = Resident(created_at=now, profile=_profile(person))
    session.add(grantor)
    session.flush()
    row = Mandate(
        token_hash=digest(new_token(24)),
        grantor_id=grantor.id,
        agent_id=agent.id,
        basis=basis,
        procedures=sorted(set(procedures)),
        valid_from=clock.today(),
        valid_to=last,
        shares_profile=True,
        note=seen.strip()[:400],
        offered_at=now,
        offer_ends_at=now,
        accepted_at=now,
        verified_by_id=staff.id,
    )
    session.add(row)
    session.flush()
    _audit(session, actor, "mandate.verify", row)
    return row


def of_agent(session: Session, agent_id: int | None) -> list[Mandate]:
    """Return the mandates that staff recorded for an agent and that are not ended, newest first."""
    if agent_id is None:
        return []
    query = select(Mandate).where(
        Mandate.agent_id == agent_id, Mandate.verified_by_id.is_not(None), Mandate.revoked_at.is_(None)
    )
    return list(session.scalars(query.order_by(Mandate.id.desc())))


def end(session: Session, visit: CounterVisit, mandate_id: int, actor: Actor) -> None:
    """End a recorded mandate of the person at the counter; raises NotFound for anybody else's."""
    row = session.get(Mandate, mandate_id)
    if row is None or row.verified_by_id is None or row.agent_id != visit.resident_id:
        raise NotFound(f"mandate {mandate_id}")
    row.revoked_at, row.revoked_by = clock.now(), "staff"
    _audit(session, actor, "mandate.revoke", row)


def _last_day(
    session: Session, agent: Resident, person: Represented, basis: str, valid_to: date | None
) -> date:
    today = clock.today()
    if basis == "guardian":
        if person.birth is None or _birthday(person.birth, OF_AGE) <= today:
            raise InvalidInput(
                "birth", field="birth", say="親権者・未成年後見人として登録できるのは、18歳未満の人だけです。"
            )
        card = asserted(session, agent.id)
        if card is not None and card.birth is not None and _birthday(card.birth, OF_AGE) > today:
            raise InvalidInput("agent", field="basis", say="代理の人が18歳未満のため、登録できません。")
        return min(_birthday(person.birth, OF_AGE) - timedelta(days=1), today + LONGEST)
    if basis != "paper":
        raise InvalidInput("basis", field="basis", say="代理の種類を選んでください。")
    if valid_to is None or not today <= valid_to <= today + LONGEST:
        raise InvalidInput(
            "valid_to", field="valid_to", say="終わりの日は、今日から1年以内の日付にしてください。"
        )
    return valid_to


def _birthday(birth: date, years: int) -> date:
    try:
        return birth.replace(year=birth.year + years)
    except ValueError:  # 29 February
        return date(birth.year + years, 3, 1)


def _profile(person: Represented) -> dict[str, object]:
    found: dict[str, object] = {
        "name": person.name.strip(),
        "kana": person.kana.strip(),
        "birth": person.birth.isoformat() if person.birth else "",
        "address": {key: value for key, value in person.address.items() if value},
    }
    return {key: value for key, value in found.items() if value}


def _audit(session: Session, actor: Actor, action: str, row: Mandate) -> None:
    details = {"basis": row.basis, "procedures": list(row.procedures), "valid_to": row.valid_to.isoformat()}
    audit.record(session, actor, action, object_kind="mandate", object_id=row.id, details=details)
