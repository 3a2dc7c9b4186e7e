"""Second factors, invitations, recovery and proving oneself again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from flask.testing import FlaskClient

from tests.fakes.identity_counter import Counter, build, post, token_of
from webapp import clock
from webapp.audit import SYSTEM
from webapp.db import Database
from webapp.identity import factors, staff_accounts

PASSWORD = "correct horse battery"


@pytest.fixture
def counter(database: Database, tmp_path: Path) -> Iterator[Counter]:
    with database.transaction() as session:
        for login, roles in (("kanri", ["admin@*"]), ("shimin", ["reviewer@citizen"])):
            staff_accounts.create(
                session,
                login=login,
                name=login,
                department="citizen",
                roles=roles,
                actor=SYSTEM,
                password=PASSWORD,
            )
    built = build(database, tmp_path / "identity")
    yield built
    built.stop()


def enter(client: FlaskClient, login: str = "shimin") -> str:
    answer = post(client, "/staff/sign-in", "/staff/sign-in", {"login": login, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def add_app(client: FlaskClient) -> pyotp.TOTP:
    page = post(client, "/staff/factors/", "/staff/factors/app")
    secret = re.search(r"<code>([A-Z2-7]+)</code>", page.text)
    action = re.search(r'action="(/staff/factors/app/\d+)"', page.text)
    assert secret
    assert action
    totp = pyotp.TOTP(secret[1])
    done = client.post(action[1], data={"csrf_token": token_of(page), "code": totp.at(clock.now())})
    assert done.status_code == 303, done.text
    return totp


def test_a_code_is_asked_for_once_an_app_is_registered(counter: Counter) -> None:
    first = counter.client()
    enter(first)
    totp = add_app(first)
    second = counter.client()
    assert enter(second) == "/staff/sign-in/second"
    assert second.get("/staff/").status_code == 303
    with clock.frozen(clock.now() + timedelta(seconds=60)):
        code = totp.at(clock.now())
        assert (
            post(second, "/staff/sign-in/second", "/staff/sign-in/second", {"code": code}).status_code == 303
        )
        assert second.get("/staff/").status_code == 200


def test_the_same_code_is_not_taken_twice(counter: Counter) -> None:
    first = counter.client()
    enter(first)
    totp = add_app(first)
    with clock.frozen(clock.now() + timedelta(seconds=60)):
        code = totp.at(clock.now())
        answers = []
        for _ in range(2):
            client = counter.client()
            enter(client)
            answers.append(
                post(client, "/staff/sign-in/second", "/staff/sign-in/second", {"code": code}).status_code
            )
    assert answers == [303, 422]


def test_a_recovery_code_works_once(counter: Counter) -> None:
    first = counter.client()
    enter(first)
    add_app(first)
    codes = re.findall(
        r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>",
        post(first, "/staff/factors/", "/staff/factors/recovery").text,
    )
    assert len(set(codes)) == factors.RECOVERY_CODES
    answers = []
    for _ in range(2):
        client = counter.client()
        enter(client)
        answers.append(
            post(
                client, "/staff/sign-in/second", "/staff/sign-in/second", {"code": codes[0].upper()}
            ).status_code
        )
    assert answers == [303, 422]


def test_guessing_codes_is_stopped(counter: Counter) -> None:
    first = counter.client()
    enter(first)
    add_app(first)
    client = counter.client()
    enter(client)
    answers = [
        post(client, "/staff/sign-in/second", "/staff/sign-in/second", {"code": f"{n:06}"}).status_code
        for n in range(9)
    ]
    assert answers == [422] * 8 + [429]


def test_the_second_step_needs_the_first(counter: Counter) -> None:
    assert counter.client().get("/staff/sign-in/second").headers["Location"] == "/staff/sign-in"


def test_production_lets_nobody_work_without_a_second_factor(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    services = counter.app.extensions["madoguchi"]
    monkeypatch.setattr(services, "settings", replace(services.settings, mode="production"))
    client = counter.client()
    enter(client)
    assert client.get("/staff/").headers["Location"] == "/staff/factors/"
    add_app(client)
    assert client.get("/staff/").status_code == 200


def test_a_dangerous_step_asks_for_the_password_again_and_goes_on_afterwards(counter: Counter) -> None:
    client = counter.client()
    enter(client)
    token = token_of(client.get("/staff/factors/"))
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        refused = client.post("/staff/factors/recovery", data={"csrf_token": token})
        assert refused.headers["Location"].startswith("/staff/confirm?next=")
        page = client.get(refused.headers["Location"])
        data = {"csrf_token": token_of(page), "password": PASSWORD, "next": "/staff/sign-in/again"}
        again = client.get(client.post("/staff/confirm", data=data).headers["Location"])
        assert "もう一度送る" in again.text
        sent = client.post("/staff/factors/recovery", data={"csrf_token": token_of(again)})
        assert "復旧コード" in sent.text


def test_an_invitation_sets_the_password_once(counter: Counter) -> None:
    admin = counter.client()
    enter(admin, "kanri")
    data = {
        "login": "shinjin",
        "name": "新人",
        "department": "tax",
        "add_role": "reviewer",
        "add_scope": "tax",
    }
    post(admin, "/staff/accounts/new", "/staff/accounts/new", data)
    page = admin.get("/staff/accounts/").text
    staff_id = re.search(r'/staff/accounts/(\d+)">shinjin', page)
    assert staff_id
    shown = post(admin, f"/staff/accounts/{staff_id[1]}", f"/staff/accounts/{staff_id[1]}/invite").text
    link = re.search(r"<code>https?://[^/]+(/staff/invitation/[^<]+)</code>", shown)
    assert link
    newcomer = counter.client()
    words = {"password": "three words together", "again": "three words together"}
    assert post(newcomer, link[1], link[1], {**words, "again": "x"}).status_code == 422
    assert post(newcomer, link[1], link[1], words).status_code == 303
    assert newcomer.get(link[1]).status_code == 404
    signed_in = post(newcomer, "/staff/sign-in", "/staff/sign-in", {"login": "shinjin", **words})
    assert signed_in.status_code == 303


def test_a_password_set_anew_does_not_skip_the_second_factor(counter: Counter) -> None:
    officer, admin = counter.client(), counter.client()
    enter(officer)
    add_app(officer)
    enter(admin, "kanri")
    shimin = re.search(r'/staff/accounts/(\d+)">shimin', admin.get("/staff/accounts/").text)
    assert shimin
    shown = post(admin, f"/staff/accounts/{shimin[1]}", f"/staff/accounts/{shimin[1]}/invite").text
    link = re.search(r"<code>https?://[^/]+(/staff/invitation/[^<]+)</code>", shown)
    assert link
    words = {"password": "three words together", "again": "three words together"}
    thief = counter.client()
    assert post(thief, link[1], link[1], words).status_code == 303
    signed_in = post(thief, "/staff/sign-in", "/staff/sign-in", {"login": "shimin", **words})
    assert signed_in.headers["Location"] == "/staff/sign-in/second"
    assert thief.get("/staff/").status_code == 303


def test_removing_a_factor_ends_the_other_sign_ins(counter: Counter) -> None:
    here, there = counter.client(), counter.client()
    enter(here)
    enter(there)
    add_app(here)
    assert there.get("/staff/").status_code == 303
    assert here.get("/staff/").status_code == 200
