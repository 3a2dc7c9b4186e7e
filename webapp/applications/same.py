"""Has this been applied for already? Warn, never refuse: there may be good reasons."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.casework.keys import digest, existing_key, key
from webapp.casework.models import Case
from webapp.form_engine.model import Definition
from webapp.intake.contact import contact_of
from webapp.intake.drafts import Owner
from webapp.intake.models import Draft, Submission

_UNITS = {"days": 1, "business_days": 2, "weeks": 7, "months": 31, "years": 366}


def key_of(session: Session, definition: Definition, answers: Mapping[str, Any]) -> str | None:
    """A keyed digest of applicant and answers that make two applications 「同じもの」.

    None where nothing says so. The applicant counts by reading (else name), for it is typed the same on
    paper and online when the characters of the name are not.
    """
    if definition.once is None:
        return None
    return _digest(key(session), definition, answers)


def earlier(session: Session, definition: Definition, answers: Mapping[str, Any], owner: Owner) -> list[Case]:
    """The person's own earlier applications for the same thing, newest first; others' are never revealed.

    Without ``once`` in the definition, any open application of the same procedure counts.
    """
    mine: list[ColumnElement[bool]] = [Draft.token.in_(owner.tokens)]
    if owner.resident_id is not None:
        mine.append(Case.resident_id == owner.resident_id)
    found = (
        select(Case)
        .join(Submission, Submission.case_id == Case.id)
        .join(Draft, Draft.id == Submission.draft_id)
        .where(or_(*mine), Case.slug == definition.slug, Case.status != "withdrawn")
        .order_by(Case.arrived_at.desc())
    )
    if definition.once is None:
        return list(session.scalars(found.where(Case.closed_at.is_(None))))
    secret = existing_key(session)
    if secret is None or any(answers.get(path) in (None, "", []) for path in definition.once.same):
        return []
    found = found.where(Submission.same_key == _digest(secret, definition, answers))
    if definition.once.within is not None:
        ((unit, amount),) = definition.once.within.model_dump(exclude_unset=True).items()
        found = found.where(Case.arrived_at >= clock.now() - timedelta(days=_UNITS[unit] * amount))
    return list(session.scalars(found))


def others(session: Session, case: Case) -> list[Case]:
    """Every other application of the same applicant for the same thing, by whatever way it came.

    For staff, oldest first. Empty without ``once`` in the definition: then nothing says what 「同じもの」 is.
    """
    mine = select(Submission.same_key).where(Submission.case_id == case.id, Submission.same_key.is_not(None))
    found = (
        select(Case)
        .join(Submission, Submission.case_id == Case.id)
        .where(Submission.same_key.in_(mine), Case.id != case.id, Case.status != "withdrawn")
        .order_by(Case.arrived_at, Case.id)
    )
    return list(session.scalars(found))


def _digest(secret: bytes, definition: Definition, answers: Mapping[str, Any]) -> str:
    assert definition.once is not None
    same = [_plain(answers.get(path)) for path in definition.once.same]
    same.append(_applicant(definition, answers))
    return digest(
        secret, f"same:{definition.slug}", json.dumps(same, ensure_ascii=False, sort_keys=True)
    ).hex()


def _applicant(definition: Definition, answers: Mapping[str, Any]) -> str:
    contact = contact_of(definition, answers, lang="ja")
    return "".join(str(contact.get("kana") or contact.get("name") or "").split())


def _plain(value: Any) -> Any:
    """Rows without the numbers a screen gave them: those differ from draft to draft."""
    if isinstance(value, list):
        return [_plain(row) for row in value]
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items() if key != "id"}
    return value
