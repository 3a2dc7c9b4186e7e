"""One person, several proofs: a new card beside a mail account, and subjects that a provider renumbers.

Nothing is linked silently: the person confirms it while signed in with what is known already, or an
administrator applies a list that the provider gave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.errors import IllegalStep
from webapp.identity import residents
from webapp.identity.models import IdentityLink, Resident
from webapp.identity.sessions import digest
from webapp.ports.identity import Assertion

_ASSERTION = TypeAdapter(Assertion)


@dataclass
class Relinked:
    """What a list of renumbered subjects did, or would do: line numbers of the list by outcome."""

    done: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    """The new subject belongs to somebody already, or stands twice in the list."""

    @property
    def is_clean(self) -> bool:
        return not self.unknown and not self.taken


def should_ask(session: Session, me: Resident, assertion: Assertion) -> bool:
    """Tell whether somebody signed in more weakly should say if this new proof is theirs.

    Asked only of a person without a proof as strong as the new one; else it is simply somebody else.
    """
    if me.kind != "person" or assertion.kind != "person" or me.protected:
        return False
    link = residents.link_of(session, assertion)
    if link is not None:
        return link.resident_id != me.id and not session.get_one(Resident, link.resident_id).protected
    strong = select(IdentityLink.id).where(
        IdentityLink.resident_id == me.id,
        IdentityLink.level >= int(assertion.level),
        IdentityLink.replaced_by_id.is_(None),
    )
    return session.scalar(strong.limit(1)) is None


def link(session: Session, me: Resident, assertion: Assertion) -> Resident:
    """Put the new proof on the signed-in person's account; raises IllegalStep for somebody else's proof."""
    if not should_ask(session, me, assertion) or residents.link_of(session, assertion) is not None:
        raise IllegalStep("link", state="linked", say="このカードは、すでに別の登録に結びついています。")
    residents.add_link(session, me, assertion)
    details = {"provider": assertion.provider, "level": assertion.level.key}
    audit.record(
        session,
        Actor("resident", str(me.id)),
        "resident.link",
        object_kind="resident",
        object_id=me.id,
        details=details,
    )
    return me


def to_json(assertion: Assertion) -> dict[str, Any]:
    """Return an assertion as the (sealed) session keeps it until the person has answered."""
    kept: dict[str, Any] = _ASSERTION.dump_python(assertion, mode="json")
    return kept


def from_json(kept: Mapping[str, Any]) -> Assertion:
    """Return what ``to_json`` kept."""
    return _ASSERTION.validate_python(dict(kept))


def relink(
    session: Session,
    pairs: Iterable[tuple[str, str]],
    *,
    old_issuer: str,
    new_issuer: str,
    reason: str,
    actor: Actor,
    apply: bool,
) -> Relinked:
    """Move accounts from old subjects to new ones (another contract, client or provider: facts §5.5).

    The old proof stays for the record, points to the new one and signs nobody in any more. Without
    ``apply``, and whenever one line is not clean, nothing is changed.
    """
    listed = [(old.strip(), new.strip()) for old, new in pairs]
    found = Relinked()
    seen: set[str] = set()
    moves: list[tuple[IdentityLink, str]] = []
    for number, (old, new) in enumerate(listed, 1):
        before = _link(session, old_issuer, old)
        if new in seen or not new or _link(session, new_issuer, new) is not None:
            found.taken.append(number)
        elif before is None or before.replaced_by_id is not None:
            found.unknown.append(number)
        else:
            found.done.append(number)
            moves.append((before, new))
        seen.add(new)
    if apply and found.is_clean:
        for before, new in moves:
            _move(session, before, new_issuer, new)
        details = {"old": old_issuer, "new": new_issuer, "moved": len(moves), "reason": reason}
        audit.record(session, actor, "resident.relink", object_kind="issuer", object_id=0, details=details)
    return found


def _move(session: Session, before: IdentityLink, issuer: str, subject: str) -> None:
    after = IdentityLink(
        resident_id=before.resident_id,
        provider=before.provider,
        issuer=issuer,
        subject=digest(subject),
        level=before.level,
        asserted={**before.asserted, "subject": subject},
        linked_at=clock.now(),
        last_seen_at=before.last_seen_at,
    )
    session.add(after)
    session.flush()
    before.replaced_by_id = after.id


def _link(session: Session, issuer: str, subject: str) -> IdentityLink | None:
    query = select(IdentityLink).where(IdentityLink.issuer == issuer, IdentityLink.subject == digest(subject))
    return session.scalar(query)
