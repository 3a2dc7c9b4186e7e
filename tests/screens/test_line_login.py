"""Linking by LINE Login on the account's page, against a desk on a real port."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from integrations.line import login_desk
from integrations.line.sandbox import SandboxLine
from tests.fakes import line_login_server
from tests.fakes.counter import adopt, sign_in
from tests.fakes.line_world import OTHER, PHONE, LineWorld, line_world
from webapp.audit import AuditEntry
from webapp.messaging.models import LineAccount


@dataclass
class Office:
    world: LineWorld
    desk: line_login_server.LyingDesk

    def press(self, client: FlaskClient, path: str) -> TestResponse:
        """Press the button of ``path`` on the page of linked accounts."""
        page = client.get("/line").text
        assert f'action="{path}"' in page
        csrf = page.split('name="csrf_token" value="')[1].split('"')[0]
        return client.post(path, data={"csrf_token": csrf})

    def at_line(self, client: FlaskClient, user: str = PHONE) -> str:
        """Press the button and allow it at LINE; returns the address LINE sends the browser to."""
        away = self.press(client, "/line/login")
        assert away.status_code == 303
        assert "どの電話で許可しますか" in requests.get(away.location, timeout=5).text
        back = requests.post(away.location, data={"user": user}, allow_redirects=False, timeout=5)
        return back.headers["Location"]

    def accounts(self) -> dict[str, int | None]:
        with self.world.services.database.reading() as session:
            rows = session.scalars(select(LineAccount).order_by(LineAccount.id)).all()
            return {row.user_id: row.resident_id for row in rows}


def relative(address: str) -> str:
    return address.removeprefix("http://localhost")


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    world = line_world(database_url, tmp_path)
    with line_login_server.running(world.line) as (base, desk):
        line = SandboxLine(tmp_path / "line.sqlite3", login_desk.client(base, base))
        world.app.extensions["madoguchi"] = replace(world.services, line=line)
        yield Office(world, desk)
    world.services.database.dispose()


def test_several_accounts_are_linked_by_login_and_taken_back_one_by_one(office: Office) -> None:
    client = office.world.app.test_client()
    me = sign_in(office.world.app, client)
    for user in (PHONE, OTHER):
        done = client.get(relative(office.at_line(client, user)), follow_redirects=True)
        assert "LINEと連携しました" in done.text
    assert office.accounts() == {PHONE: me, OTHER: me}
    with office.world.services.database.reading() as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.action == "line.link")).all()
    assert len(actions) == 2
    office.press(client, "/line/1/unlink")
    assert office.accounts() == {PHONE: None, OTHER: me}


def test_the_login_of_somebody_who_does_not_follow_says_what_is_missing(office: Office) -> None:
    client = office.world.app.test_client()
    sign_in(office.world.app, client)
    office.world.follow("unfollow")
    done = client.get(relative(office.at_line(client)), follow_redirects=True)
    assert "友だちに追加すると" in done.text
    with office.world.services.database.reading() as session:
        assert session.scalars(select(LineAccount.reachable)).one() is False


def test_line_alone_signs_nobody_in(office: Office) -> None:
    client, stranger = (office.world.app.test_client() for _ in range(2))
    sign_in(office.world.app, client)
    back = relative(office.at_line(client))
    refused = stranger.get(back)
    assert urlsplit(refused.location).path == "/sign-in"
    assert urlsplit(stranger.get("/line").location).path == "/sign-in"
    assert office.accounts() == {}


def test_another_browser_another_resident_and_a_repeat_are_refused(office: Office) -> None:
    client, other = (office.world.app.test_client() for _ in range(2))
    me = sign_in(office.world.app, client)
    theirs = sign_in(office.world.app, other)
    back = relative(office.at_line(client))
    assert "確認できませんでした" in other.get(back, follow_redirects=True).text
    assert office.accounts() == {}
    adopt(office.world.app, client, theirs)
    assert "確認できませんでした" in client.get(back, follow_redirects=True).text
    assert office.accounts() == {}
    adopt(office.world.app, client, me)
    back = relative(office.at_line(client))
    assert "LINEと連携しました" in client.get(back, follow_redirects=True).text
    assert "確認できませんでした" in client.get(back, follow_redirects=True).text


def test_a_flow_of_line_is_worth_nothing_at_the_sign_in(office: Office) -> None:
    client = office.world.app.test_client()
    sign_in(office.world.app, client)
    query = dict(parse_qsl(urlsplit(office.at_line(client)).query))
    assert client.get("/sign-in/callback", query_string=query).status_code == 400


def test_a_forged_token_and_a_cancelled_login_link_nothing(office: Office) -> None:
    client = office.world.app.test_client()
    sign_in(office.world.app, client)
    stopped = client.get(relative(office.at_line(client, "")), follow_redirects=True)
    assert "何も変わっていません" in stopped.text
    office.desk.spoil = lambda claims: claims.update(nonce="another")
    forged = client.get(relative(office.at_line(client)), follow_redirects=True)
    assert "確認できませんでした" in forged.text
    assert office.accounts() == {}


def test_a_city_without_a_login_channel_offers_none(database_url: str, tmp_path: Path) -> None:
    world = line_world(database_url, tmp_path)
    client = world.app.test_client()
    sign_in(world.app, client)
    assert "/line/login" not in client.get("/line").text
    assert client.get("/line/login/callback").status_code == 404
    world.services.database.dispose()
