"""What is kept too long goes: dry first, then for good, and on record."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from integrations.storage.folder import FolderStorage
from tests.fakes.procedures import ANSWERS, context, sample
from webapp import clock
from webapp.applications import erase
from webapp.applications.submit import forget_passwords, of_draft, submit
from webapp.applications.withdraw import withdraw
from webapp.audit import Actor
from webapp.casework import thread
from webapp.casework.models import Case, CaseMessage
from webapp.db import Database
from webapp.identity.models import Resident
from webapp.identity.proof_models import Signature
from webapp.intake import drafts, files, sheets, upkeep
from webapp.intake.models import AnswerSheet, Draft, StoredFile

VISITOR = Actor("visitor", None, "申請者")
STAFF = Actor("staff", "1", "担当")


def closed(session: Session, **changes: object) -> Case:
    definition = sample(**changes)
    draft = drafts.start(session, definition, drafts.Owner(), lang="ja", actor=VISITOR, answers=dict(ANSWERS))
    case = submit(session, draft, context=context(), actor=VISITOR).case
    thread.post(session, case, "よろしくお願いします", VISITOR)
    withdraw(session, case, "不要になった", VISITOR)
    return case


def test_a_dry_run_names_what_would_go_and_changes_nothing(session: Session) -> None:
    case = closed(session)
    with clock.frozen(clock.now() + timedelta(days=91)):
        record = erase.run(session, STAFF, dry_run=True)
    assert record.references == [case.reference]
    assert record.counts == {"sample-certificate:withdrawn:delete": 1}
    assert session.scalar(select(func.count(Case.id))) == 1


def test_nothing_goes_before_its_day(session: Session) -> None:
    closed(session)
    with clock.frozen(clock.now() + timedelta(days=89)):
        assert erase.run(session, STAFF, dry_run=False).references == []


def test_deleting_leaves_no_answer_message_or_draft(session: Session) -> None:
    closed(session)
    with clock.frozen(clock.now() + timedelta(days=91)):
        erase.run(session, STAFF, dry_run=False)
    for table in (Case, AnswerSheet, CaseMessage, Draft):
        assert session.scalar(select(func.count()).select_from(table)) == 0


def test_anonymising_keeps_choices_and_forgets_the_person(session: Session) -> None:
    case = closed(session, retention={"years": 1, "then": "anonymise"})
    with clock.frozen(clock.now() + timedelta(days=91)):
        erase.run(session, STAFF, dry_run=False)
    assert sheets.latest(session, case.id).answers == {"kind": "full", "copies": 2}
    assert case.contact == {}
    assert thread.of_case(session, case) == []


@pytest.mark.parametrize("then", ["delete", "anonymise"])
def test_what_a_person_signed_goes_with_the_case(session: Session, then: str) -> None:
    case = closed(session, retention={"years": 1, "then": then})
    signer = Resident(created_at=clock.now(), profile={})
    session.add(signer)
    session.flush()
    signed = {"document": b"the answers", "document_sha256": "0" * 64, "created_at": clock.now()}
    session.add(Signature(draft_token="d", case_id=case.id, resident_id=signer.id, **signed))
    session.flush()
    with clock.frozen(clock.now() + timedelta(days=91)):
        assert len(erase.run(session, STAFF, dry_run=False).references) == 1
    assert session.scalar(select(func.count(Signature.id))) == 0


def test_a_sent_draft_keeps_no_copy_of_the_answers(session: Session) -> None:
    draft = drafts.start(session, sample(), drafts.Owner(), lang="ja", actor=VISITOR, answers=dict(ANSWERS))
    submit(session, draft, context=context(), actor=VISITOR)
    assert draft.answers == {}


def test_the_readable_password_is_forgotten_after_a_week(session: Session) -> None:
    draft = drafts.start(session, sample(), drafts.Owner(), lang="ja", actor=VISITOR, answers=dict(ANSWERS))
    submit(session, draft, context=context(), actor=VISITOR)
    assert forget_passwords(session) == 0
    with clock.frozen(clock.now() + timedelta(days=8)):
        assert forget_passwords(session) == 1
    session.expire_all()
    ticket = of_draft(session, draft)
    assert ticket is not None and ticket.lookup_password is None


def test_an_untouched_draft_expires_with_its_files(database: Database, tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "store")
    with database.transaction() as session:
        draft = drafts.start(session, sample(), drafts.Owner(), lang="ja", actor=VISITOR)
        upload = files.Upload("a.png", b"\x89PNG\r\n\x1a\n", "image/png", False)
        row = files.announce(session, "photo", upload, draft=draft, case_id=None)
        storage.put(row.storage_key, upload.data, upload.media_type)
        files.arrived(session, row, draft, scanned=True)
        key = row.storage_key
    with clock.frozen(clock.now() + timedelta(days=31)):
        with database.transaction() as session:
            assert upkeep.expire_drafts(session) == 1
        assert upkeep.sweep_files(database.transaction, storage) == 1
    assert not storage.exists(key)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 0


@pytest.mark.parametrize("days", [29, 31])
def test_a_draft_lives_thirty_days_after_its_last_change(session: Session, days: int) -> None:
    drafts.start(session, sample(), drafts.Owner(), lang="ja", actor=VISITOR)
    with clock.frozen(clock.now() + timedelta(days=days)):
        assert upkeep.expire_drafts(session) == (1 if days > 30 else 0)
