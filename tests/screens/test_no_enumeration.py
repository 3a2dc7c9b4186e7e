"""Nobody learns from an answer, or from the work behind it, whether somebody is known here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.casework_office import PASSWORD, Office, open_office, token_of
from tests.fakes.counter import inputs
from tests.screens.test_acting_for_others import asked
from webapp.audit import SYSTEM
from webapp.casework.reference import tidy_reference
from webapp.db import Database
from webapp.identity import passwords, staff_accounts
from webapp.identity.models import Resident


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return open_office(database, tmp_path)


@contextmanager
def work(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """Count what takes time: hashes of passwords, and statements that read."""
    done, hasher = {"hashes": 0, "reads": 0}, passwords._hasher()
    real = type(hasher).verify

    def verify(self: object, stored: str, typed: str) -> bool:
        assert stored.split("$")[3] == passwords._dummy().split("$")[3], "as dear as any other"
        done["hashes"] += 1
        return bool(real(self, stored, typed))  # type: ignore[arg-type]

    def read(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        done["reads"] += statement.lstrip().upper().startswith("SELECT")

    engine = office.app.extensions["madoguchi"].database.engine
    event.listen(engine, "before_cursor_execute", read)
    monkeypatch.setattr(type(hasher), "verify", verify)
    try:
        yield done
    finally:
        monkeypatch.setattr(type(hasher), "verify", real)
        event.remove(engine, "before_cursor_execute", read)


def answered(
    office: Office, monkeypatch: pytest.MonkeyPatch, page: str, typed: dict[str, str]
) -> tuple[int, str, str, dict[str, int]]:
    """Status, place, text (without what was typed) and work of an answer."""
    client = office.app.test_client()
    shown = client.get(page)
    with work(office, monkeypatch) as done:
        answer = client.post(page, data={"csrf_token": token_of(shown), **typed})
    return answer.status_code, answer.headers.get("Location", ""), plain(answer, typed), done


def plain(answer: TestResponse, typed: dict[str, str]) -> str:
    text = answer.text[answer.text.find("<main") :]
    for value in [*typed.values(), *inputs(answer).get("csrf_token", [])]:
        text = text.replace(value, "")
    return text


def test_staff_sign_in_is_the_same_for_everybody_who_is_refused(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office.database.transaction() as session:
        staff_accounts.deactivate(session, office.staff(session, "zeimu"), SYSTEM)
        office.staff(session, "toukei").password_hash = None  # signs in with the organisation's own account
    known, *others = [
        answered(office, monkeypatch, "/staff/sign-in", {"login": login, "password": password})
        for login, password in (
            ("tanto", "not this one at all"), ("nobody", PASSWORD), ("zeimu", PASSWORD), ("toukei", PASSWORD),
        )
    ]  # fmt: skip
    assert known[3]["hashes"] == 1
    assert known[0] == 422
    for other in others:
        assert other == known


def test_a_code_by_mail_is_asked_for_the_same_way_by_anybody(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = office.app.test_client()
    code = asked(office, client, "known@example.jp")
    page = client.get("/sign-in/mail/code")
    client.post("/sign-in/mail/code", data={"csrf_token": token_of(page), "code": code})
    with office.database.reading() as session:
        assert session.scalars(select(Resident)).one()
    known, unknown = (
        answered(office, monkeypatch, "/sign-in/mail", {"address": address})
        for address in ("known@example.jp", "nobody@example.jp")
    )
    assert known == unknown


def changed(session: Session, office: Office, reference: str) -> None:
    someone = Resident(created_at=office.case(session, reference).arrived_at, profile={}, protected=True)
    session.add(someone)
    session.flush()
    office.case(session, reference).resident_id = someone.id


def unused(reference: str) -> str:
    """A well-formed number of no case."""
    for number in range(10_000):
        other = f"{reference[:-4]}{number:04}"
        if other != reference and tidy_reference(other):
            return other
    raise AssertionError(reference)


@pytest.mark.parametrize("furnish", [None, changed])
def test_a_reference_number_is_looked_up_the_same_way_whether_it_exists(
    office: Office, monkeypatch: pytest.MonkeyPatch, furnish: Callable[..., None] | None
) -> None:
    reference = office.submit()
    if furnish is not None:
        with office.database.transaction() as session:
            furnish(session, office, reference)
    _first, known, unknown = (  # the first reads what the process then remembers
        answered(office, monkeypatch, "/cases", {"reference": number, "password": "k7mp-2wx9"})
        for number in (reference, reference, unused(reference))
    )
    assert known == unknown
