"""Telling the person behind a case: turns a case into a recipient and hands the event to messaging."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from webapp.casework.models import Case
from webapp.messaging.tell import Link, Recipient, tell


def recipient_of(case: Case) -> Recipient:
    """Return whom to tell. Without mail or LINE this is still a recipient: the telephone remains."""
    contact = case.contact
    return Recipient(
        resident_id=case.resident_id,
        name=str(contact.get("name") or ""),
        email=contact.get("email") or None,
        tel=contact.get("tel") or None,
        lang=contact.get("lang") or "ja",
        line_user_id=contact.get("line_user_id") or None,
    )


def tell_resident(
    session: Session,
    case: Case,
    event: str,
    *,
    dedupe_key: str,
    data: dict[str, Any] | None = None,
) -> None:
    """Write the message about ``event`` in this transaction; ``dedupe_key`` twice is one message."""
    tell(
        session,
        event,
        recipient_of(case),
        link=Link("case", {"reference": case.reference}),
        case_id=case.id,
        reference=case.reference,
        data={"procedure": case.title, "department": case.department, **(data or {})},
        dedupe_key=dedupe_key,
    )
