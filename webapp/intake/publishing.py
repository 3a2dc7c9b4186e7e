"""Publishing a new version of a procedure: shown beforehand what it does to the drafts under way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context
from webapp.intake import upgrading, versions
from webapp.intake.differences import Difference, differences
from webapp.intake.models import Draft, Publication

LOOKED_AT = 2000
"""Drafts whose answers are tried against the new version; beyond it the rest is only counted."""


@dataclass(frozen=True)
class Effect:
    """What publishing would do. Counts only: no answer of anyone is shown to whoever publishes."""

    slug: str
    version: str
    previous: str | None
    under_way: int
    must_answer: int
    by_version: Mapping[str, int]
    by_question: Mapping[str, int]
    changes: list[Difference]

    def as_json(self) -> dict[str, Any]:
        return {
            "under_way": self.under_way,
            "must_answer": self.must_answer,
            "by_question": dict(self.by_question),
            "changes": [change.text("ja") for change in self.changes],
        }

    def lines(self) -> list[str]:
        """The effect in words for the person who publishes."""
        head = f"{self.slug}: {self.under_way}人が入力中、{self.must_answer}人が答え直し"
        asked = [f"  答え直し {path}: {count}人" for path, count in self.by_question.items()]
        return [head, *(f"  {change.text('ja')}" for change in self.changes), *asked]


def live(session: Session, slug: str) -> Publication | None:
    """The latest publication of a procedure."""
    mine = select(Publication).where(Publication.slug == slug)
    return session.scalar(mine.order_by(Publication.id.desc()).limit(1))


def effect(session: Session, definition: Definition, context: Context) -> Effect:
    """What publishing ``definition`` now would do to the drafts under way."""
    before = live(session, definition.slug)
    open_drafts = (
        Draft.slug == definition.slug,
        Draft.submitted_case_id.is_(None),
        Draft.expires_at > clock.now(),
    )
    counted = select(Draft.version, func.count(Draft.id)).where(*open_drafts).group_by(Draft.version)
    by_version = {row[0]: row[1] for row in session.execute(counted)}
    by_question: dict[str, int] = {}
    must_answer = 0
    others = select(Draft).where(*open_drafts, Draft.version != definition.version).limit(LOOKED_AT)
    for draft in session.scalars(others):
        old = versions.load(session, draft.version)
        asked = upgrading.asked_anew(old, definition, draft.answers, context)
        must_answer += bool(asked)
        for path in asked:
            by_question[path.split("[")[0]] = by_question.get(path.split("[")[0], 0) + 1
    previous = versions.load(session, before.version) if before else None
    return Effect(
        slug=definition.slug,
        version=definition.version,
        previous=before.version if before else None,
        under_way=sum(by_version.values()),
        must_answer=must_answer,
        by_version=by_version,
        by_question=by_question,
        changes=differences(previous, definition) if previous else [],
    )


def publish(
    session: Session,
    definition: Definition,
    actor: audit.Actor,
    context: Context,
    *,
    explanation: Mapping[str, Any] | None = None,
    closes_old: bool = False,
) -> Publication | None:
    """Put a version live and record its effect; None when it is live already.

    ``explanation`` (a Text as dict) is shown to writers who are asked to switch; ``closes_old`` lets
    nobody send a draft on an earlier version any more.
    """
    before = live(session, definition.slug)
    if before is not None and before.version == definition.version:
        return None
    shown = effect(session, definition, context)
    publication = Publication(
        slug=definition.slug,
        version=versions.keep(session, definition),
        previous=before.version if before else None,
        published_by=actor.id,
        explanation=dict(explanation or {}),
        closes_old=closes_old,
        effect=shown.as_json(),
    )
    session.add(publication)
    session.flush()
    details = {"slug": definition.slug, "version": definition.version, "under_way": shown.under_way}
    audit.record(
        session,
        actor,
        "procedure.publish",
        object_kind="procedure",
        object_id=publication.id,
        details=details,
    )
    return publication


def publish_all(
    session: Session, definitions: Iterable[Definition], actor: audit.Actor, context: Context
) -> list[Publication]:
    """Publish whatever is new among the procedures on offer, as a deployment does."""
    made = [publish(session, definition, actor, context) for definition in definitions]
    return [publication for publication in made if publication is not None]
