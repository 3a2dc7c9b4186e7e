"""Who is writing, as the form engine knows a person; and whose drafts this browser may open."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _

from webapp import clock
from webapp.calendar.business import BusinessCalendar
from webapp.casework import registrations
from webapp.city import City
from webapp.errors import Forbidden
from webapp.form_engine.outcome import Context, Person
from webapp.identity import mandates, residency, residents
from webapp.identity.mandate_models import Mandate
from webapp.identity.models import Resident
from webapp.identity.residents import Asserted
from webapp.intake.drafts import Agency, Owner
from webapp.intake.models import Draft
from webapp.ports.identity import Level
from webapp.web import guards, sessions
from webapp.web.transaction import db

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LONGEST_LINE = 400
_LINE = re.compile(
    r"(北海道|東京都|(?:京都|大阪)府|[^\s都道府県]{2,3}県)?(.+?郡.+?[町村]|.+?市.+?区|.+?[市区町村])?(.*)"
)
_BLOCK = re.compile(r"(.*?)([0-9０-９一二三四五六七八九十]+(?:丁目|番地|番|号|[-－ー−の])?.*)")


def owner() -> Owner:
    """The resident of this browser, and the drafts its session lists."""
    resident = guards.current_resident()
    return Owner(resident.id if resident else None, frozenset(sessions.owned("draft")))


def context(calendar: BusinessCalendar, city: City, draft: Draft | None = None) -> Context:
    """Today, now and the person, for the engine; a draft says for whom it is written."""
    now = clock.tokyo(clock.now())
    return Context(today=now.date(), now=now, person=person(city, draft), channel="web", calendar=calendar)


def person(city: City, draft: Draft | None = None) -> Person | None:
    """The signed-in person with what card and profile say, or whom they act for; None for a visitor."""
    resident = guards.current_resident()
    if resident is None:
        return None
    mandate = guards.current_mandate() if draft is None else _mandate_of(draft, resident)
    if mandate is not None:
        held = registrations.held_by(db(), mandate.grantor_id)
        profile = mandates.grantor_profile(db(), mandate)
        return represented(guards.current_level(), profile, city, held)
    return person_of(db(), resident, guards.current_level(), city)


def _mandate_of(draft: Draft, resident: Resident) -> Mandate | None:
    """The mandate of a draft. Raises Forbidden once it has ended: the agent sees nothing of it any more."""
    if draft.mandate_id is None:
        return None
    mandate = mandates.in_force(db(), draft.mandate_id, resident, procedure=draft.slug)
    if mandate is None:
        say = _(
            "委任が終わっているため、この申請は開けません。続けるには、本人にもう一度頼んでもらってください。"
        )
        raise Forbidden("mandate over", say=say)
    return mandate


def represented(
    level: Level, profile: Mapping[str, Any], city: City, registered: frozenset[str] = frozenset()
) -> Person:
    """Someone an agent writes for: the agent's own proof, and of the person what the mandate lets through."""
    known = {part: value for part, value, _source in _from_profile(profile) if value}
    address = known.get("address")
    return Person(
        level=level.key,  # type: ignore[arg-type]  # the same words in both places
        acts_for=str(profile.get("name", "")),
        is_resident_of_city=_lives_here(address, city),
        registered=registered,
        sources=dict.fromkeys(known, "mandate"),
        **known,
    )


def agency(slug: str) -> Agency | None:
    """The mandate under which this browser writes just now, where it covers the procedure."""
    mandate = guards.current_mandate()
    if mandate is None or (mandate.procedures and slug not in mandate.procedures):
        return None
    return Agency(mandate.id, mandate.grantor_id)


def check_agency(slug: str) -> None:
    """Raise Forbidden where somebody acts for another and the mandate does not reach this procedure."""
    if guards.current_mandate() is not None and agency(slug) is None:
        say = _(
            "この手続きは、頼まれていません。自分の手続きをするときは、「代理をやめる」を押してください。"
        )
        raise Forbidden("outside of the mandate", say=say)


def person_of(session: Session, resident: Resident, level: Level, city: City) -> Person:
    """What is known of a resident: the card's word first where the person used the card now."""
    profile = dict(resident.profile or {})
    card = residents.asserted(session, resident.id) if level >= Level.CARD else None
    known: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for part, value, source in [*_from_card(card), *_from_profile(profile)]:
        if value and part not in known:
            known[part], sources[part] = value, source
    address = known.get("address")
    if address and sources["address"] == "card":
        address = known["address"] = _with_postal(address, profile.get("address"))
    lives_here = _lives_here(address, city)
    return Person(
        level=level.key,  # type: ignore[arg-type]  # the same words in both places
        is_resident_of_city=lives_here,
        kind="group" if resident.kind == "group" else "person",
        registered=registrations.held_by(session, resident.id),
        sources=sources,
        **known,
    )


def address_parts(line: str) -> dict[str, str]:
    """A written address as prefecture, city, town and block; what cannot be split stays in town."""
    plain = line.strip().replace(" ", "").replace("　", "")
    matched = _LINE.fullmatch(plain) if len(plain) <= LONGEST_LINE else None  # its time grows with the square
    prefecture, city, rest = (piece or "" for piece in matched.groups()) if matched else ("", "", line)
    inner = _BLOCK.fullmatch(rest)
    town, block = (inner[1], inner[2]) if inner and inner[1] else (rest, "")
    parts = {"prefecture": prefecture, "city": city, "town": town, "block": block}
    return {key: value for key, value in parts.items() if value}


def _from_card(card: Asserted | None) -> list[tuple[str, Any, str]]:
    if card is None:
        return []
    return [
        ("name", card.name, "card"),
        ("birth", card.birth, "card"),
        ("address", address_parts(card.address) if card.address else None, "card"),
    ]


def _from_profile(profile: Mapping[str, Any]) -> list[tuple[str, Any, str]]:
    address = profile.get("address")
    parts = address_parts(address) if isinstance(address, str) else address
    return [
        ("name", profile.get("name"), "profile"),
        ("name_kana", profile.get("kana"), "profile"),
        ("birth", _day(profile.get("birth")), "profile"),
        ("address", parts, "profile"),
        ("tel", profile.get("tel"), "profile"),
        ("email", profile.get("email"), "profile"),
    ]


def _with_postal(address: Mapping[str, str], declared: Any) -> dict[str, str]:
    """The card has no postal code; the declared address lends it when it is the same town."""
    same = isinstance(declared, Mapping) and declared.get("town") == address.get("town")
    postal = declared.get("postal") if same else None
    return {**address, "postal": postal} if postal else dict(address)


def _lives_here(address: Mapping[str, str] | None, city: City) -> bool | None:
    return residency.lives_in(_line(address), city.prefecture.ja, city.name.ja) if address else None


def _line(address: Mapping[str, str]) -> str:
    return "".join(address.get(part, "") for part in ("prefecture", "city", "town", "block"))


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except (TypeError, ValueError):
        return None
