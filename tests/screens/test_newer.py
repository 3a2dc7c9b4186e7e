"""The procedure changes while someone is writing: they see what changed and choose."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.fakes.counter import counter, draft_token, offer, send
from tests.fakes.procedures import context, sample
from tests.services.test_publishing import STAFF, changed
from webapp.intake import publishing


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Flask:
    return counter(database_url, tmp_path, sample())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def begun(client: FlaskClient) -> str:
    start = "/apply/start/sample-certificate"
    token = draft_token(send(client, client.get(start), start, {}).location)
    url = f"/apply/{token}/pages/what"
    send(client, client.get(url), url, {"kind": "full", "copies": "2", "_action": "next"})
    return token


def test_the_writer_sees_what_changed_and_switches(app: Flask, client: FlaskClient) -> None:
    token = begun(client)
    offer(app, changed())
    assert "この手続きの内容が新しくなりました" in client.get(f"/apply/{token}/pages/you").get_data(
        as_text=True
    )
    page = client.get(f"/apply/{token}/newer")
    body = page.get_data(as_text=True)
    assert "質問「使いみち」が加わりました" in body
    send(client, page, f"/apply/{token}/newer/switch", {})
    assert "お名前" in client.get(f"/apply/{token}/pages/you").get_data(as_text=True)


def test_the_writer_may_finish_as_begun_and_is_not_asked_again(app: Flask, client: FlaskClient) -> None:
    token = begun(client)
    offer(app, changed())
    send(client, client.get(f"/apply/{token}/newer"), f"/apply/{token}/newer/keep", {})
    body = client.get(f"/apply/{token}/pages/you").get_data(as_text=True)
    assert "新しくなりました" not in body
    assert "氏名" in body


def test_a_closed_version_leads_to_the_new_one_instead_of_being_sent(app: Flask, client: FlaskClient) -> None:
    with app.extensions["madoguchi"].database.transaction() as session:
        publishing.publish(session, sample(), STAFF, context())
    token = begun(client)
    url = f"/apply/{token}/pages/you"
    send(
        client,
        client.get(url),
        url,
        {"applicant_name": "a", "applicant_tel": "0773661000", "_action": "next"},
    )
    check = client.get(f"/apply/{token}/check")
    with app.extensions["madoguchi"].database.transaction() as session:
        publishing.publish(session, changed(), STAFF, context(), closes_old=True)
    offer(app, changed())
    sent = send(client, check, f"/apply/{token}/check", {"declared": "yes"})
    assert sent.location.endswith("/newer")
    assert "前の内容では、もう送れません" in client.get(sent.location).get_data(as_text=True)
