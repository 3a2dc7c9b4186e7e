"""What people decide about delivery."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from tests.casework_office import PASSWORD, open_office, post
from tests.fakes.outbox import wish
from webapp.audit import SYSTEM
from webapp.chat.models import OpenQuestion
from webapp.db import Database
from webapp.errors import IllegalStep
from webapp.identity import staff_accounts
from webapp.messaging import deciding
from webapp.outbox import relay
from webapp.outbox.enqueue import enqueue
from webapp.outbox.models import OutboxMessage


def add(database: Database, login: str, role: str) -> None:
    with database.transaction() as session:
        staff_accounts.create(
            session,
            login=login,
            name=login,
            department="citizen",
            roles=[role],
            password=PASSWORD,
            actor=SYSTEM,
        )


def lost(database: Database) -> int:
    with database.transaction() as session:
        enqueue(session, "tell", {"n": 1}, lane="transactional", dedupe_key="k", channel="line")
        row = wish(session, "k")
        row.status, row.template = "unknown", "decided@1"
        relay.pause_channel(session, "line", "401 token")
        return row.id


@pytest.mark.parametrize(
    ("choice", "status", "channels"),
    [
        ("again", "superseded", ["line", "line"]),
        ("mail", "superseded", ["line", "mail"]),
        ("leave", "cancelled", ["line"]),
    ],
)
def test_a_message_of_unknown_fate_is_decided_once(
    database: Database, choice: str, status: str, channels: list[str]
) -> None:
    number = lost(database)
    with database.transaction() as session:
        deciding.decide(session, number, choice, SYSTEM)
        with pytest.raises(IllegalStep):
            deciding.decide(session, number, choice, SYSTEM)
    with database.reading() as session:
        rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    assert rows[0].status == status
    assert [row.channel for row in rows] == channels
    assert len({row.retry_key for row in rows}) == len(rows)


def test_the_administrator_sees_and_decides_and_others_do_not(database: Database, tmp_path: Path) -> None:
    office = open_office(database, tmp_path)
    number = lost(office.database)
    add(office.database, "system", "admin@*")
    client = office.client("system")
    page = client.get("/staff/delivery")
    assert "「手続きの結果が出ました。" in page.text and "decided@1" not in page.text
    assert "アクセストークンを受け付けません" in page.text and "401 token" not in page.text
    post(client, "/staff/delivery", "/staff/delivery/resume", channel="line")
    post(client, "/staff/delivery", f"/staff/delivery/{number}", _action="leave")
    with office.database.reading() as session:
        assert deciding.paused(session) == []
        assert deciding.waiting(session) == []
    assert office.client("tanto").get("/staff/delivery").status_code == 403
    office.services.database.dispose()


def test_open_questions_are_put_away(database: Database, tmp_path: Path) -> None:
    office = open_office(database, tmp_path)
    with office.database.transaction() as session:
        session.add(OpenQuestion(words="火星への転居", channel="line", lang="ja"))
    add(office.database, "answers", "reception@*")
    client = office.client("answers")
    assert "火星への転居" in client.get("/staff/delivery/questions").text
    post(client, "/staff/delivery/questions", "/staff/delivery/questions/1")
    assert "ありません" in client.get("/staff/delivery/questions").text
    office.services.database.dispose()
