"""Everything about one resident, for export and for the end of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.casework import lookup
from webapp.identity import residents
from webapp.identity.models import Resident
from webapp.intake import drafts, sheets

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def everything(session: Session, resident: Resident) -> dict[str, Any]:
    """Return account, drafts and submitted cases with their answers, as plain JSON data."""
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
        }
        for case in lookup.of_resident(session, resident.id)
    ]
    return found


def delete_drafts(session: Session, resident: Resident) -> None:
    """Delete what the resident has begun and not sent."""
    for draft in drafts.under_way(session, drafts.Owner(resident.id)):
        session.delete(draft)
