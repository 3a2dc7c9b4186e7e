"""Finding one case by its reference number, with or without the password."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.casework.keys import digest, existing_key
from webapp.casework.models import Case
from webapp.casework.reference import tidy_password, tidy_reference
from webapp.errors import NotFound

_UNKNOWN = "受付番号またはパスワードが違います。受付票のとおりに入力してください。"


def by_reference(session: Session, reference: str, *, lock: bool = False) -> Case:
    """Return the case; raises NotFound. Whoever calls this has checked who may see it.

    ``lock`` holds the row until the transaction ends, so that two officers act one after the other.
    """
    tidy = tidy_reference(reference)
    query = select(Case).where(Case.reference == tidy)
    case = session.scalar(query.with_for_update() if lock else query) if tidy else None
    if case is None:
        raise NotFound("no such case", say="その受付番号の手続きは見つかりません。番号を確かめてください。")
    return case


def references_of(session: Session, case_ids: Iterable[int]) -> dict[int, str]:
    """Return the reference numbers of these cases, by their ids."""
    query = select(Case.id, Case.reference).where(Case.id.in_(list(case_ids)))
    found: dict[int, str] = dict(session.execute(query).all())
    return found


def with_password(session: Session, reference: str, password: str) -> Case:
    """Return the case when reference and password fit; raises NotFound without saying which one is wrong.

    The caller throttles by address and reference.
    """
    tidy = tidy_reference(reference)
    case = session.scalar(select(Case).where(Case.reference == tidy)) if tidy else None
    secret = existing_key(session) or b""
    given = digest(secret, "lookup", tidy_password(password)).hex()
    kept = case.password_hash if case else "0" * 64
    if not hmac.compare_digest(given, kept) or case is None:
        raise NotFound("reference or password does not fit", say=_UNKNOWN)
    return case


def of_resident(session: Session, resident_id: int) -> list[Case]:
    """Return every case of a resident, newest first, whatever its kind."""
    query = (
        select(Case).where(Case.resident_id == resident_id).order_by(Case.arrived_at.desc(), Case.id.desc())
    )
    return list(session.scalars(query))


def open_of_same_kind(session: Session, resident_id: int, slug: str) -> list[Case]:
    """Return the resident's open cases of one procedure, to warn of applying twice."""
    query = select(Case).where(Case.resident_id == resident_id, Case.slug == slug, Case.closed_at.is_(None))
    return list(session.scalars(query.order_by(Case.id)))
