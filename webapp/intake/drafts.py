"""Drafts: started, found again, claimed after sign-in, thrown away, expired.

A draft belongs to a resident or, before sign-in, to the browser whose server session lists its
token. Who may see it is decided here and nowhere else.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.db import new_token
from webapp.errors import IllegalStep, NotFound
from webapp.form_engine.model import Definition
from webapp.intake import rows, versions
from webapp.intake.models import Answers, Draft, Provenance

KEPT_DAYS = 30
"""A draft lives this many days after its last change, unless its definition says otherwise."""


@dataclass(frozen=True)
class Agency:
    """Writing for someone else: the mandate, and whose matter it is."""

    mandate_id: int
    resident_id: int


@dataclass(frozen=True)
class Owner:
    """Who holds drafts: a signed-in resident, and whatever drafts this browser's server session lists."""

    resident_id: int | None = None
    tokens: frozenset[str] = frozenset()


def start(
    session: Session,
    definition: Definition,
    owner: Owner,
    *,
    lang: str,
    actor: audit.Actor,
    answers: Answers | None = None,
    provenance: Provenance | None = None,
    again_of_case_id: int | None = None,
    agency: Agency | None = None,
) -> Draft:
    """Open a draft on this version of the definition, which is kept whole."""
    draft = Draft(
        token=new_token(),
        resident_id=owner.resident_id,
        slug=definition.slug,
        version=versions.keep(session, definition),
        seen_version=definition.version,
        answers=rows.with_least_rows(definition, answers or {}),
        provenance=provenance or {},
        lang=lang,
        again_of_case_id=again_of_case_id,
        mandate_id=agency.mandate_id if agency else None,
        on_behalf_of_id=agency.resident_id if agency else None,
        kept_days=kept_days(definition),
        expires_at=_expiry(kept_days(definition)),
    )
    session.add(draft)
    session.flush()
    audit.record(
        session, actor, "draft.start", object_kind="draft", object_id=draft.id, details={"slug": draft.slug}
    )
    return draft


def find(session: Session, token: str, owner: Owner) -> Draft:
    """The owner's draft of this token. Raises NotFound, also when it is someone else's or expired."""
    draft = by_token(session, token)
    if not _owns(draft, owner):
        raise NotFound(f"draft {token}")
    return draft


def by_token(session: Session, token: str) -> Draft:
    """A live draft by token alone; the caller proves ownership otherwise. Raises NotFound."""
    draft = session.scalar(select(Draft).where(Draft.token == token))
    if draft is None or (draft.expires_at < clock.now() and draft.submitted_case_id is None):
        raise NotFound(f"draft {token}")
    return draft


def locked(session: Session, draft: Draft) -> Draft:
    """The same draft, fresh from the database and locked until the transaction ends."""
    statement = select(Draft).where(Draft.id == draft.id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one()


def under_way(session: Session, owner: Owner, slug: str | None = None) -> list[Draft]:
    """The owner's unsubmitted drafts, the latest first; of one procedure when ``slug`` is given."""
    mine = [and_(Draft.resident_id.is_(None), Draft.token.in_(owner.tokens))]
    if owner.resident_id is not None:
        mine.append(Draft.resident_id == owner.resident_id)
    statement = select(Draft).where(
        or_(*mine), Draft.submitted_case_id.is_(None), Draft.expires_at > clock.now()
    )
    if slug:
        statement = statement.where(Draft.slug == slug)
    return list(session.scalars(statement.order_by(Draft.updated_at.desc())))


def claim(session: Session, owner: Owner) -> int:
    """Give the drafts begun in this browser to the resident who has signed in since; returns how many."""
    if owner.resident_id is None or not owner.tokens:
        return 0
    unclaimed = update(Draft).where(Draft.token.in_(owner.tokens), Draft.resident_id.is_(None))
    changed = session.execute(unclaimed.values(resident_id=owner.resident_id))
    return int(getattr(changed, "rowcount", 0))


def hand_over(session: Session, from_resident: int, to: Owner, actor: audit.Actor) -> int:
    """Give unsent drafts written in this browser to the same person's other account; returns how many."""
    assert to.resident_id is not None
    mine = (Draft.token.in_(to.tokens), Draft.resident_id == from_resident)
    unsent = (Draft.submitted_case_id.is_(None), Draft.mandate_id.is_(None))
    moved = list(session.scalars(select(Draft).where(*mine, *unsent)))
    for draft in moved:
        draft.resident_id = to.resident_id
        audit.record(session, actor, "draft.hand_over", object_kind="draft", object_id=draft.id)
    return len(moved)


def discard(session: Session, draft: Draft, actor: audit.Actor) -> None:
    """Throw an unsent draft away: answers now, files with the next sweep. Raises IllegalStep."""
    draft = locked(session, draft)
    if draft.submitted_case_id is not None:
        raise IllegalStep(
            "discard", state="submitted", say="この申請は送信済みです。取り下げることができます。"
        )
    for row in draft.files:
        row.draft_id, row.removed_at = None, row.removed_at or clock.now()
    audit.record(session, actor, "draft.discard", object_kind="draft", object_id=draft.id)
    session.flush()
    session.delete(draft)


def touch(draft: Draft, **changes: Any) -> None:
    """Note a change: the draft's life is prolonged and its revision counted up."""
    for name, value in changes.items():
        setattr(draft, name, value)
    draft.revision += 1
    draft.updated_at = clock.now()
    draft.expires_at = _expiry(draft.kept_days)


def _owns(draft: Draft, owner: Owner) -> bool:
    if draft.resident_id is not None:
        return draft.resident_id == owner.resident_id
    return draft.token in owner.tokens


def kept_days(definition: Definition) -> int:
    """How long an untouched draft of this procedure lives."""
    return definition.retention.draft_days if definition.retention else KEPT_DAYS


def _expiry(days: int) -> datetime:
    return clock.now() + timedelta(days=days)
