"""The audit trail is append-only, and its chain notices every change behind the database's back."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webapp import audit
from webapp.audit import SYSTEM, Actor, Wish
from webapp.db import Database, is_postgres


def fill(session: Session, entries: int = 5) -> None:
    for number in range(entries):
        actor = Actor("staff", str(number % 2), channel="web")
        audit.record(
            session,
            actor,
            "case.view",
            object_kind="case",
            object_id=number,
            case_id=number,
            details={"n": number},
        )
    session.flush()


def unguard(session: Session) -> None:
    """What somebody with the database's own password can do."""
    if is_postgres(session):
        session.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        session.execute(text("ALTER TABLE audit_batch DISABLE TRIGGER ALL"))
        return
    for name in ("audit_entry_stays", "audit_entry_kept", "audit_batch_stays", "audit_batch_kept"):
        session.execute(text(f"DROP TRIGGER {name}"))


def test_sealed_batches_verify(session: Session) -> None:
    fill(session)
    assert audit.seal(session, most=3)
    assert audit.seal(session, most=3)
    assert audit.seal(session) is None
    verdict = audit.verify(session)
    assert (verdict.batches, verdict.entries, verdict.unsealed, verdict.complaints) == (2, 5, 0, [])


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE audit_entry SET object_id = '99' WHERE object_id = '1'",
        "UPDATE audit_entry SET actor_id = NULL WHERE object_id = '4'",
        "DELETE FROM audit_entry WHERE object_id = '2'",
        "UPDATE audit_entry SET batch_id = 2 WHERE object_id = '0'",
        "UPDATE audit_batch SET digest = previous_digest || '' WHERE id = 1",
    ],
)
def test_a_change_behind_the_back_is_found(session: Session, attack: str) -> None:
    fill(session)
    audit.seal(session, most=3)
    audit.seal(session, most=3)
    unguard(session)
    session.execute(text(attack.replace("previous_digest || ''", "'" + "f" * 64 + "'")))
    assert audit.verify(session).complaints


def test_a_cut_off_end_is_found_with_a_digest_noted_elsewhere(session: Session) -> None:
    fill(session)
    audit.seal(session, most=3)
    audit.seal(session, most=3)
    noted = audit.verify(session).head
    unguard(session)
    session.execute(text("UPDATE audit_entry SET batch_id = NULL WHERE batch_id = 2"))
    session.execute(text("DELETE FROM audit_batch WHERE id = 2"))
    assert audit.verify(session).complaints == []
    assert audit.verify(session, known_head=noted).complaints


@pytest.mark.parametrize(
    "attack", ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry", "DELETE FROM audit_batch"]
)
def test_the_database_itself_refuses_changes(database: Database, attack: str) -> None:
    with database.transaction() as session:
        fill(session)
        audit.seal(session)
    with pytest.raises(DBAPIError, match="append-only"), database.transaction() as session:
        session.execute(text(attack))


def test_entries_are_found_by_person_action_and_case(session: Session) -> None:
    fill(session)
    audit.record(session, SYSTEM, "retention.run", object_kind="system", object_id="daily")
    session.flush()
    assert len(audit.search(session, Wish(actor_kind="staff", actor_id="1"))) == 2
    assert len(audit.search(session, Wish(action="case."))) == 5
    assert [entry.object_id for entry in audit.search(session, Wish(case_id=3))] == ["3"]
    assert len(audit.search(session, Wish(), limit=2)) == 2
