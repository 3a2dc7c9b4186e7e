"""Proof: the same draft sent twenty times at once becomes one application; without the guard it does not."""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy import func, select

from tests.fakes.procedures import ANSWERS, context, sample
from webapp.applications.submit import submit
from webapp.audit import Actor
from webapp.casework.models import Case
from webapp.db import Database
from webapp.intake import drafts
from webapp.intake.models import Draft
from webapp.outbox.models import OutboxMessage

VISITOR = Actor("visitor", None, "申請者")
ROUNDS = 25


def prove(url: str, *, control: bool) -> dict[str, Any]:
    """The full figures: twenty-five drafts, each sent twenty times at once, on the database at ``url``."""
    rounds = [race(url, posts=20, guard=not control) for _ in range(5 if control else ROUNDS)]
    return {
        "rounds": len(rounds),
        "posts": sum(entry["posts"] for entry in rounds),
        "most_cases_per_draft": max(entry["cases"] for entry in rounds),
        "fewest_cases_per_draft": min(entry["cases"] for entry in rounds),
        "most_references_shown": max(entry["distinct_references_shown"] for entry in rounds),
        "errors": [error for entry in rounds for error in entry["errors"]],
    }


def verdict(result: dict[str, Any], *, control: bool) -> list[str]:
    """What is not as it must be; a control that shows no race has failed too."""
    if control:
        return [] if result["most_cases_per_draft"] > 1 else ["the control shows no race"]
    wrong = [f"error: {error}" for error in result["errors"]]
    if result["most_cases_per_draft"] != 1 or result["fewest_cases_per_draft"] != 1:
        wrong.append("a draft did not become exactly one application")
    if result["most_references_shown"] != 1:
        wrong.append("two posts were shown different references")
    return wrong


def run(scale: int, database_url: str, *, guard: bool = True) -> dict[str, Any]:
    """One race of ``scale`` posts."""
    return race(database_url, posts=scale, guard=guard)


def race(url: str, *, posts: int, guard: bool) -> dict[str, Any]:
    """Send one fresh draft ``posts`` times at the same moment, each from its own thread and connection."""
    database = Database(url, pool_size=posts)
    try:
        with database.transaction() as session:
            draft = drafts.start(
                session, sample(), drafts.Owner(), lang="ja", actor=VISITOR, answers=dict(ANSWERS)
            )
            draft_id, before = draft.id, session.scalar(select(func.max(Case.id))) or 0
            messages_before = session.scalar(select(func.count(OutboxMessage.id))) or 0
        shown, errors = _all_at_once(database, draft_id, posts, guard)
        with database.transaction() as session:
            cases = session.scalar(select(func.count(Case.id)).where(Case.id > before)) or 0
            messages = (session.scalar(select(func.count(OutboxMessage.id))) or 0) - messages_before
        return {
            "posts": posts,
            "cases": cases,
            "distinct_references_shown": len(set(shown)),
            "messages": messages,
            "errors": errors,
        }
    finally:
        database.dispose()


def _all_at_once(database: Database, draft_id: int, posts: int, guard: bool) -> tuple[list[str], list[str]]:
    gate = threading.Barrier(posts)
    shown: list[str] = []
    errors: list[str] = []

    def post() -> None:
        gate.wait()
        try:
            with database.transaction() as session:
                draft = session.get_one(Draft, draft_id)
                sent = submit(session, draft, context=context(), actor=VISITOR, guard=guard)
                reference = sent.case.reference
            shown.append(reference)
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}"[:200])

    threads = [threading.Thread(target=post) for _ in range(posts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return shown, errors
