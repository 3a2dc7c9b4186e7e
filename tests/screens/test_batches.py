"""Many cases at once: few are done while one waits, many and letters by the worker, none twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.casework_office import Office, open_office, post
from webapp import clock
from webapp.applications import batch
from webapp.casework.models import CaseDecision, CaseDocument, CaseMessage
from webapp.casework.office_models import CaseBatch
from webapp.db import Database
from webapp.jobs import batches
from webapp.ports.storage import StorageError


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    opened = open_office(database, tmp_path)
    yield opened
    opened.services.database.dispose()


def ordered(office: Office, references: list[str], action: str = "accept", **given: object) -> str:
    """Order a batch through the screen and return its address."""
    client = office.client()
    answer = post(client, "/staff/inbox", "/staff/batch/do", reference=references, action=action, **given)
    assert answer.status_code == 303, answer.text[:500]
    return answer.headers["Location"]


def counted(office: Office, table: type) -> int:
    with office.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_letters_are_made_by_the_worker_and_the_page_shows_how_far_it_is(office: Office) -> None:
    references = [office.submit() for _ in range(3)]
    here = ordered(office, references, with_letter="yes")
    waiting = office.client().get(here).text
    assert "3件のうち0件が済みました" in waiting and 'hx-trigger="every 3s"' in waiting
    assert counted(office, CaseDecision) == 0
    assert batches.run_next(office.services) is True
    finished = office.client().get(here).text
    assert "3件を処理しました" in finished and "hx-trigger" not in finished
    assert (counted(office, CaseDecision), counted(office, CaseDocument)) == (3, 3)
    assert batches.run_next(office.services) is False


def test_a_batch_cut_off_half_way_goes_on_and_decides_nothing_twice(office: Office) -> None:
    references = [office.submit() for _ in range(4)]
    ordered(office, references, with_letter="yes")
    house = office.services.batch_house()
    put, calls = house.storage.put, []

    class Dying:
        def put(self, key: str, data: bytes, media_type: str) -> None:
            calls.append(key)
            if len(calls) == 3:
                raise KeyboardInterrupt
            put(key, data, media_type)

    with office.database.transaction() as session:
        number = batch.claim_next(session)
    assert number is not None
    with pytest.raises(KeyboardInterrupt):
        batch.carry_on(replace(house, storage=Dying()), number)  # type: ignore[arg-type]
    assert counted(office, CaseDecision) == 2
    assert batches.run_next(office.services) is False, "the dead worker's lease still holds"
    with clock.frozen(clock.now() + batch.LEASE + timedelta(seconds=1)):
        assert batches.run_next(office.services) is True
    assert (counted(office, CaseDecision), counted(office, CaseDocument)) == (4, 4)


def test_a_store_that_does_not_answer_leaves_the_case_undecided_and_says_so(office: Office) -> None:
    reference = office.submit()
    here = ordered(office, [reference], with_letter="yes")

    class Silent:
        def put(self, key: str, data: bytes, media_type: str) -> None:
            raise StorageError("no answer")

    with office.database.transaction() as session:
        number = batch.claim_next(session) or 0
    batch.carry_on(replace(office.services.batch_house(), storage=Silent()), number)  # type: ignore[arg-type]
    page = office.client().get(here).text
    assert "1件は処理できませんでした" in page and "文書を保存できませんでした" in page
    assert counted(office, CaseDecision) == 0


def test_many_messages_are_for_the_worker_and_few_are_sent_at_once(office: Office) -> None:
    references = [office.submit() for _ in range(batch.AT_ONCE + 1)]
    ordered(office, references[:2], "message", message="窓口が変わります。")
    assert counted(office, CaseMessage) == 2
    ordered(office, references, "message", message="窓口が変わります。")
    assert counted(office, CaseMessage) == 2
    batches.run_next(office.services)
    assert counted(office, CaseMessage) == 2 + len(references)


def test_who_lost_the_permission_meanwhile_changes_nothing(office: Office) -> None:
    here = ordered(office, [office.submit()], with_letter="yes")
    with office.database.transaction() as session:
        office.staff(session, "tanto").roles = ["reviewer@citizen"]
    batches.run_next(office.services)
    assert counted(office, CaseDecision) == 0
    assert "担当ではありません" in office.client().get(here).text


def test_a_batch_is_shown_to_who_ordered_it(office: Office) -> None:
    here = ordered(office, [office.submit()], "claim")
    assert office.client("kacho").get(here).status_code == 404
    with office.database.reading() as session:
        assert session.scalars(select(CaseBatch)).one().is_finished
