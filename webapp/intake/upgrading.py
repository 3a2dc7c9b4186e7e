"""A newer version while a draft is under way: what it means for the writer, and switching over.

A draft finishes on its own version unless its writer switches, with the changes in front of them.
Only where the publication closes earlier versions does switching come before sending.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit
from webapp.errors import IllegalStep
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.fields import AnyField, Choice, Group
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context
from webapp.form_engine.problems import problems
from webapp.intake import drafts, rows, versions
from webapp.intake.differences import Difference, differences
from webapp.intake.models import Answers, Draft, Publication


@dataclass(frozen=True)
class Upgrade:
    """What switching would mean: the changes, what is asked anew, which answers fall away."""

    definition: Definition
    changes: list[Difference]
    to_answer: list[str]
    falls_away: list[str]
    explanation: Mapping[str, Any]
    must: bool


def waiting(session: Session, draft: Draft, live: Definition | None, context: Context) -> Upgrade | None:
    """The upgrade this draft could take; None when it is on the live version or nothing is live."""
    if live is None or live.version == draft.version:
        return None
    old = versions.load(session, draft.version)
    carried = carry(old, live, draft.answers)
    published = publication(session, live.version)
    return Upgrade(
        definition=live,
        changes=differences(old, live),
        to_answer=asked_anew(old, live, draft.answers, context),
        falls_away=[key for key in draft.answers if key not in carried],
        explanation=published.explanation if published else {},
        must=is_closed(session, draft),
    )


def upgrade(session: Session, draft: Draft, live: Definition, actor: audit.Actor) -> Draft:
    """Switch a draft to ``live`` because its writer asked for it; answers that fit come along.

    Pages in which something is new are shown again. Raises IllegalStep for a draft that was sent.
    """
    draft = drafts.locked(session, draft)
    if draft.submitted_case_id is not None:
        raise IllegalStep("upgrade", state="submitted", say="この申請は送信済みです。")
    if draft.version == live.version:
        return draft
    old = versions.load(session, draft.version)
    changed = {live.page_of[d.path].key for d in differences(old, live) if d.path in live.page_of}
    known = {page.key for page in live.pages}
    drafts.touch(
        draft,
        answers=rows.with_least_rows(live, carry(old, live, draft.answers)),
        reached=[key for key in draft.reached if key in known and key not in changed],
        upgraded_from=draft.version,
        version=versions.keep(session, live),
        seen_version=live.version,
        declined_version=None,
    )
    details = {"from": draft.upgraded_from, "to": draft.version}
    audit.record(session, actor, "draft.upgrade", object_kind="draft", object_id=draft.id, details=details)
    return draft


def decline(session: Session, draft: Draft, live: Definition) -> None:
    """Finish on the version begun with; the same newer version is not offered again on every page."""
    draft = drafts.locked(session, draft)
    drafts.touch(draft, declined_version=live.version)


def is_closed(session: Session, draft: Draft) -> bool:
    """Whether a later publication of this procedure no longer takes the draft's version."""
    since = select(Publication.id).where(Publication.slug == draft.slug, Publication.version == draft.version)
    first = session.scalar(since.order_by(Publication.id.desc()).limit(1)) or 0
    closing = select(Publication.id).where(
        Publication.slug == draft.slug,
        Publication.id > first,
        Publication.closes_old,
        Publication.version != draft.version,
    )
    return session.scalar(closing.limit(1)) is not None


def publication(session: Session, version: str) -> Publication | None:
    """The latest publication of a version."""
    mine = select(Publication).where(Publication.version == version)
    return session.scalar(mine.order_by(Publication.id.desc()).limit(1))


def carry(old: Definition, new: Definition, answers: Answers) -> Answers:
    """The answers that still mean the same in the new version."""
    return {
        key: _carried(new.fields[key], value)
        for key, value in answers.items()
        if key in new.fields and key in old.fields and _fits(old.fields[key], new.fields[key], value)
    }


def asked_anew(old: Definition, new: Definition, answers: Answers, context: Context) -> list[str]:
    """Questions that are fine (or not asked) in the old version and would need an answer in the new one."""
    carried = carry(old, new, answers)
    before = {problem.path for problem in problems(old, answers, context)}
    outcome = evaluate(new, carried, context)
    found = problems(new, carried, context, outcome=outcome)
    return list(
        dict.fromkeys(problem.path for problem in found if problem.path and problem.path not in before)
    )


def _fits(old: AnyField, new: AnyField, value: Any) -> bool:
    if old.type != new.type:
        return False
    if isinstance(new, Choice) and new.options:
        allowed = {option.value for option in new.options}
        return all(chosen in allowed for chosen in (value if isinstance(value, list) else [value]))
    return True


def _carried(new: AnyField, value: Any) -> Any:
    if not isinstance(new, Group) or not isinstance(value, list):
        return value
    columns = {column.key: column for column in new.fields}
    return [
        {
            "id": row["id"],
            **{key: _carried(columns[key], inner) for key, inner in row.items() if key in columns},
        }
        for row in value
    ]
