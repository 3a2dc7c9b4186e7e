"""What is kept too long goes: dry first, then for good, and on record."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from integrations.storage.folder import FolderStorage
from tests.fakes.procedures import ANSWERS, context, sample
from webapp import clock
from webapp.applications import erase, retain
from webapp.applications.submit import forget_passwords, of_draft, submit
from webapp.applications.withdraw import withdraw
from webapp.audit import Actor
from webapp.booking.models import Booking
from webapp.casework import steps, thread
from webapp.casework.models import Case, CaseMessage
from webapp.casework.open_case import open_case
from webapp.db import Database
from webapp.errors import IllegalStep
from webapp.identity.models import Resident
from webapp.identity.proof_models import Signature
from webapp.intake import drafts, files, sheets, upkeep
from webapp.intake.models import AnswerSheet, Draft, StoredFile
from webapp.outbox.models import OutboxMessage
from webapp.wiring import forgetters

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


def messages_of(session: Session, case_id: int) -> list[OutboxMessage]:
    session.expire_all()
    return list(session.scalars(select(OutboxMessage).where(OutboxMessage.case_id == case_id)))


@pytest.mark.parametrize("then", ["delete", "anonymise"])
def test_what_was_said_about_the_case_is_forgotten_that_it_was_said_stays(
    session: Session, then: str
) -> None:
    case = closed(session, retention={"years": 1, "then": then})
    case_id, before = case.id, messages_of(session, case.id)
    assert before and all(message.payload for message in before)
    before[0].frozen, before[0].status = "髙橋 様".encode(), "accepted"
    session.flush()
    with clock.frozen(clock.now() + timedelta(days=91)):
        erase.run(session, STAFF, dry_run=False)
    after = messages_of(session, case_id)
    assert len(after) == len(before)
    assert all((one.payload, one.frozen, one.resident_id) == ({}, None, None) for one in after)
    assert {one.status for one in after} == {"accepted", "cancelled"}


def test_one_case_that_cannot_go_holds_nobody_back_and_is_named_in_the_record(session: Session) -> None:
    stuck, free = closed(session), closed(session)

    def refuse(_session: Session, case_id: int) -> None:
        if case_id == stuck.id:
            thread.post(_session, stuck, "半分だけ", VISITOR)
            raise IllegalStep("forget", say="まだ使われています。")

    with clock.frozen(clock.now() + timedelta(days=91)):
        dry = erase.run(session, STAFF, dry_run=True, also=(refuse,))
        record = erase.run(session, STAFF, dry_run=False, also=(refuse,))
        again = erase.run(session, STAFF, dry_run=True)
    assert dry.references == [stuck.reference, free.reference]
    assert record.references == [free.reference]
    assert record.counts == {
        "sample-certificate:withdrawn:delete": 1,
        "sample-certificate:withdrawn:failed": 1,
    }
    assert [entry.body for entry in thread.of_case(session, stuck)] == ["よろしくお願いします"]
    assert again.references == [stuck.reference]


def test_a_booking_that_ended_is_kept_five_fiscal_years_and_then_loses_its_person(session: Session) -> None:
    actor = Actor("visitor", None, "申込者")
    with clock.frozen(datetime(2026, 5, 1, 10)):
        case, _ = open_case(
            session, kind="booking", slug="gym", title={"ja": "体育館の利用"}, department="culture",
            actor=actor, contact={"name": "髙橋 一郎"},
        )  # fmt: skip
        booking = Booking(
            token="t", basket="b", facility="gym", room="a", use_on=date(2026, 5, 10), state="cancelled",
            starts_at=clock.now(), ends_at=clock.now() + timedelta(hours=2), created_at=clock.now(),
            case_id=case.id, contact={"name": "髙橋 一郎"}, title="練習会", answers={"note": "電話は夜"},
            persons=12, total_yen=2000,
        )  # fmt: skip
        session.add(booking)
        steps.take(session, case, "withdraw", actor)
        assert retain.complete(session) == 1
    assert case.retain_until == date(2032, 3, 31)
    with clock.frozen(datetime(2032, 4, 1, 3)):
        assert erase.run(session, STAFF, dry_run=False, also=forgetters()).references == [case.reference]
    session.expire_all()
    kept = session.scalars(select(Booking)).one()
    assert (kept.contact, kept.title, kept.answers, kept.case_id) == (None, None, None, None)
    assert (kept.room, kept.persons, kept.total_yen) == ("a", 12, 2000)
