"""Everything about one resident, for export and for the end of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.audit import Actor
from webapp.casework import lookup, thread
from webapp.identity import mandates, residents
from webapp.identity.models import Resident
from webapp.intake import drafts, sheets
from webapp.messaging import linking, topics

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def everything(session: Session, resident: Resident) -> dict[str, Any]:
    """Return account, drafts, cases with answers and messages, subscriptions and mandates, as JSON data."""
    found = residents.export(session, resident)
    found["drafts"] = [
        {"procedure": draft.slug, "answers": draft.answers, "updated_at": draft.updated_at.isoformat()}
        for draft in drafts.under_way(session, drafts.Owner(resident.id))
    ]
    found["cases"] = [
        {
            "reference": case.reference,
            "procedure": case.slug,
            "status": case.status,
            "arrived_at": case.arrived_at.isoformat(),
            "answers": [sheet.answers for sheet in sheets.all_of(session, case.id)],
            "messages": [
                {"at": one.at.isoformat(), "from_office": one.from_staff, "text": one.body}
                for one in thread.of_case(session, case)
            ],
        }
        for case in lookup.of_resident(session, resident.id)
    ]
    found["subscriptions"] = [
        {"topic": one.topic, "area": one.area, "birth_month": one.birth_month}
        for one in topics.of(session, topics.Owner(resident_id=resident.id))
    ]
    found["line_accounts"] = len(linking.linked(session, resident.id))
    found["mandates"] = [
        {
            "gave": one.grantor_id == resident.id,
            "procedures": one.procedures,
            "until": one.valid_to.isoformat() if one.valid_to else None,
            "state": mandates.state(one),
        }
        for one in mandates.of_resident(session, resident)
    ]
    return found


def forget(session: Session, resident: Resident, actor: Actor) -> None:
    """Take away what ends with the account: drafts with their files, subscriptions, LINE links, mandates."""
    for draft in drafts.under_way(session, drafts.Owner(resident.id)):
        drafts.discard(session, draft, actor)
    topics.forget(session, topics.Owner(resident_id=resident.id))
    for account in linking.linked(session, resident.id):
        linking.unlink(session, account.id, resident.id, actor)
    for mandate in mandates.of_resident(session, resident):
        if mandates.state(mandate) in ("offered", "in_force"):
            mandates.revoke(session, mandate.id, resident, actor)
