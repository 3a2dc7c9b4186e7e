"""What belongs to residents in the crawl: mandates, a second card, a LINE account, topics."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from tests.proofs import hostile
from tests.proofs.crawl_town import Town, Walker
from webapp import clock
from webapp.audit import Actor
from webapp.identity import linking as cards
from webapp.identity import mandates, sessions
from webapp.identity.models import Resident
from webapp.messaging import linking
from webapp.ports.identity import Assertion, Level


def furnish(session: Session, town: Town) -> None:
    """Give the resident somebody to act for, somebody who acts, and things to undo."""
    giver = _somebody(session)
    taken = [_offer(session, town, giver) for _ in range(3)]
    town.mine += ["/mandates/", *(f"/mandates/offers/{token}" for token in taken[:2])]
    in_force = mandates.accept(session, taken[2], town.owner, _actor(town.owner))
    mandates.accept(session, _offer(session, town, town.owner), giver, _actor(giver))
    _offer(session, town, town.owner)
    card = town.walkers["resident"].holder
    assert card is not None
    town.walkers["acting for another"] = Walker(
        "resident", card, data={"acting_for": in_force.id}, seeds=["/mandates/", "/my", "/account/"],
        roams=False, door="/mandates/",
    )  # fmt: skip
    _second_card(town)
    leaving = replace(card, resident_id=_somebody(session).id)
    town.walkers["leaving"] = Walker("resident", leaving, seeds=["/account/close"], roams=False)
    for name in ("one", "two"):
        linking.logged_in(session, f"U-crawl-{name}", town.owner.id, _actor(town.owner), reachable=True)
    sessions.create(session, "resident", {}, card, device=hostile.MARKUP[1])
    town.mine += ["/line", "/line/link?linkToken=crawl", "/account/"]


def _somebody(session: Session) -> Resident:
    row = Resident(created_at=clock.now(), profile={"name": hostile.MARKUP[0]})
    session.add(row)
    session.flush()
    return row


def _second_card(town: Town) -> None:
    """Somebody signed in by mail has read a card: one person or two?"""
    proof = Assertion(
        "cardsim", "https://card.example", "crawl", Level.CARD, clock.now(), name=hostile.MARKUP[2]
    )
    waiting = {"assertion": cards.to_json(proof), "resume": {}, "at": clock.now().isoformat()}
    holder = town.walkers["resident"].holder
    assert holder is not None
    town.walkers["with another card"] = Walker(
        "resident", replace(holder, level=int(Level.ACCOUNT)), data={"link_waiting": waiting},
        seeds=["/sign-in/link"], roams=False, door="/sign-in/link",
    )  # fmt: skip


def _offer(session: Session, town: Town, giver: Resident) -> str:
    _row, token = mandates.offer(
        session,
        giver,
        procedures=list(town.services.library)[:2],
        valid_to=clock.today() + timedelta(days=90),
        note=hostile.MARKUP[3],
        actor=_actor(giver),
    )
    return token


def _actor(resident: Resident) -> Actor:
    return Actor("resident", str(resident.id), "申請者")
