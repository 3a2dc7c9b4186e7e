"""A resident takes everything along, and closing the account takes away everything the page says it does."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.fakes.counter import counter, draft_token, send, sign_in
from tests.fakes.procedures import sample
from webapp import clock
from webapp.db import Database
from webapp.identity import mandates
from webapp.identity.mandate_models import Mandate
from webapp.identity.models import Resident
from webapp.intake.models import Draft, StoredFile
from webapp.messaging.topic_models import Subscription

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IEND\xae\x42\x60\x82"


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Flask:
    return counter(database_url, tmp_path, sample())


def test_everything_is_taken_along_and_everything_promised_is_forgotten(app: Flask) -> None:
    client, start = app.test_client(), "/apply/start/sample-certificate"
    me = sign_in(app, client)
    other = sign_in(app, app.test_client())
    token = draft_token(send(client, client.get(start), start, {}).location)
    page = f"/apply/{token}/pages/papers"
    send(client, client.get(page), page, {"photo": (io.BytesIO(PNG), "a.png"), "_action": "add"})
    database: Database = app.extensions["madoguchi"].database
    with database.transaction() as session:
        today = clock.today()
        session.add(Subscription(resident_id=me, topic="garbage", area="chuo"))
        session.add(
            Mandate(
                token_hash="x" * 64, grantor_id=me, agent_id=other, basis="online", procedures=["sample-certificate"],
                valid_from=today, valid_to=today + timedelta(days=9), offered_at=clock.now(),
                offer_ends_at=clock.now(), accepted_at=clock.now(),
            )
        )  # fmt: skip
    told = client.get("/account/export").get_json()
    assert told["subscriptions"] == [{"topic": "garbage", "area": "chuo", "birth_month": ""}]
    assert told["mandates"][0]["state"] == "in_force"
    assert told["drafts"][0]["procedure"] == "sample-certificate"
    closing = client.get("/account/close")
    assert "お知らせの受け取り" in closing.text
    assert send(client, closing, "/account/close", {"agree": "yes"}).status_code == 303
    with database.reading() as session:
        for table in (Subscription, Draft):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        assert all(row.removed_at for row in session.scalars(select(StoredFile))), "the sweep takes the bytes"
        assert mandates.state(session.scalars(select(Mandate)).one()) == "revoked"
        assert session.get_one(Resident, me).profile == {}
