"""What time takes away: drafts nobody came back to, and bytes nobody needs."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.intake import files
from webapp.intake.models import Draft, StoredFile, Submission
from webapp.ports.storage import StorageError, StoragePort

Transaction = Callable[[], AbstractContextManager[Session]]


def expire_drafts(session: Session, *, limit: int = 500) -> int:
    """Delete drafts past their day, sent ones included (their answers are on the case); returns how many."""
    late = select(Draft).where(Draft.expires_at < clock.now()).limit(limit)
    drafts = list(session.scalars(late))
    for draft in drafts:
        for row in draft.files:
            row.draft_id = None
            if row.case_id is None:
                row.removed_at = row.removed_at or clock.now()
        audit.record(session, audit.SYSTEM, "draft.expire", object_kind="draft", object_id=draft.id)
        session.flush()
        if draft.submitted_case_id is None:
            _forget_ticket(session, draft)
        session.delete(draft)
    return len(drafts)


def sweep_files(transaction: Transaction, storage: StoragePort) -> int:
    """Delete the bytes of removed and forsaken files, with no transaction open meanwhile; returns how many.

    A store that does not answer is asked again with the next sweep.
    """
    with transaction() as session:
        found = [(row.id, row.storage_key) for row in files.forsaken(session)]
    done = 0
    for file_id, key in found:
        try:
            storage.delete(key)
        except StorageError:
            continue
        with transaction() as session:
            row = session.get(StoredFile, file_id)
            if row is not None:
                files.forgotten(session, row)
        done += 1
    return done


def _forget_ticket(session: Session, draft: Draft) -> None:
    for ticket in session.scalars(select(Submission).where(Submission.draft_id == draft.id)):
        session.delete(ticket)
