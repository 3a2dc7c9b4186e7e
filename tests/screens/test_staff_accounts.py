"""Staff sign in, are slowed down, and lose access at once when they must."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.fakes.identity_counter import Counter, build, post, token_of
from webapp import clock
from webapp.audit import SYSTEM, AuditEntry
from webapp.db import Database
from webapp.errors import InvalidInput
from webapp.identity import passwords, staff_accounts
from webapp.identity.models import Staff

PASSWORD = "correct horse battery"


@pytest.fixture
def counter(database: Database, tmp_path: Path) -> Iterator[Counter]:
    with database.transaction() as session:
        for login, roles in (
            ("kanri", ["admin@*"]),
            ("shimin", ["reviewer@citizen"]),
            ("kansa", ["auditor@*"]),
        ):
            staff_accounts.create(
                session,
                login=login,
                name=f"{login}さん",
                department="citizen",
                roles=roles,
                actor=SYSTEM,
                password=PASSWORD,
            )
    built = build(database, tmp_path / "identity")
    yield built
    built.stop()


def sign_in(
    client: FlaskClient, login: str = "shimin", password: str = PASSWORD, next_path: str = ""
) -> TestResponse:
    return post(
        client, "/staff/sign-in", "/staff/sign-in", {"login": login, "password": password, "next": next_path}
    )


def staff_id(counter: Counter, login: str) -> int:
    with counter.database.reading() as session:
        return session.scalars(select(Staff.id).where(Staff.login == login)).one()


def test_an_officer_signs_in_and_out(counter: Counter) -> None:
    client = counter.client()
    assert sign_in(client).headers["Location"] == "/staff/"
    assert client.get("/staff/").text == "受付箱"
    post(client, "/staff/accounts/me", "/staff/sign-out")
    assert client.get("/staff/").status_code == 303


def test_unknown_login_wrong_password_and_stopped_account_look_the_same(counter: Counter) -> None:
    with counter.database.transaction() as session:
        kansa = session.scalars(select(Staff).where(Staff.login == "kansa")).one()
        kansa.active = False
    pages = [
        sign_in(counter.client(), login, password)
        for login, password in (("shimin", "wrong"), ("nobody", PASSWORD), ("kansa", PASSWORD))
    ]
    assert {page.status_code for page in pages} == {422}
    bodies = set()
    for page, login in zip(pages, ("shimin", "nobody", "kansa"), strict=True):
        text = page.text.replace(token_of(page), "").replace(f'value="{login}"', "")
        bodies.add(text[text.index("<main") : text.index("</main>")])
    assert len(bodies) == 1


def test_an_outdated_hash_is_renewed_at_the_next_sign_in(counter: Counter) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with counter.database.transaction() as session:
        session.scalars(select(Staff).where(Staff.login == "shimin")).one().password_hash = weak
    assert sign_in(counter.client()).status_code == 303
    with counter.database.reading() as session:
        renewed = session.scalars(select(Staff.password_hash).where(Staff.login == "shimin")).one()
    assert renewed is not None
    assert renewed != weak
    assert renewed.startswith("$argon2id$")
    assert not passwords.needs_rehash(renewed)
    assert passwords.verify(renewed, PASSWORD)


def test_too_many_attempts_are_stopped_and_other_accounts_are_not(counter: Counter) -> None:
    client = counter.client()
    answers = [sign_in(client, password=f"wrong {n}").status_code for n in range(9)]
    assert answers == [422] * 8 + [429]
    assert sign_in(client).status_code == 429
    assert sign_in(counter.client(), "kanri").status_code == 303
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        assert sign_in(counter.client()).status_code == 303


def test_an_officer_without_the_permission_gets_no_further(counter: Counter) -> None:
    client = counter.client()
    sign_in(client)
    assert client.get("/staff/accounts/").status_code == 403


def test_typed_text_survives_an_idle_staff_session(counter: Counter) -> None:
    client = counter.client()
    sign_in(client)
    token = token_of(client.get("/staff/accounts/me"))
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        refused = client.post("/staff/note", data={"csrf_token": token, "text": "折り返し電話"})
        assert "/staff/sign-in?next=/staff/sign-in/again" in refused.headers["Location"].replace("%2F", "/")
        back = sign_in(client, next_path="/staff/sign-in/again")
        page = client.get(back.headers["Location"])
        assert "折り返し電話" in page.text
        sent = client.post("/staff/note", data={"csrf_token": token_of(page), "text": "折り返し電話"})
        assert sent.text == "メモ：折り返し電話"


def test_a_staff_session_ends_after_ten_hours_of_work(counter: Counter) -> None:
    client = counter.client()
    sign_in(client)
    start = clock.now()
    for minutes in range(25, 600, 25):
        with clock.frozen(start + timedelta(minutes=minutes)):
            assert client.get("/staff/").status_code == 200
    with clock.frozen(start + timedelta(minutes=601)):
        assert client.get("/staff/").status_code == 303


def test_an_administrator_makes_changes_and_stops_an_account(counter: Counter) -> None:
    admin, officer = counter.client(), counter.client()
    sign_in(admin, "kanri")
    made = post(
        admin,
        "/staff/accounts/new",
        "/staff/accounts/new",
        {
            "login": "atarashii",
            "name": "新人",
            "department": "tax",
            "add_role": "reviewer",
            "add_scope": "tax",
            "password": "several words in a row",
        },
    )
    assert made.status_code == 303
    assert sign_in(officer, "atarashii", "several words in a row").status_code == 303
    new_id = staff_id(counter, "atarashii")
    post(admin, f"/staff/accounts/{new_id}", f"/staff/accounts/{new_id}/active", {"active": "no"})
    assert officer.get("/staff/").status_code == 303
    assert sign_in(counter.client(), "atarashii", "several words in a row").status_code == 422


def test_new_roles_end_the_sessions_of_the_account(counter: Counter) -> None:
    admin, officer = counter.client(), counter.client()
    sign_in(admin, "kanri")
    sign_in(officer, "shimin")
    one = staff_id(counter, "shimin")
    data = {"name": "市民", "department": "citizen", "roles": "auditor@*"}
    assert post(admin, f"/staff/accounts/{one}", f"/staff/accounts/{one}", data).status_code == 303
    assert officer.get("/staff/").status_code == 303


def test_nobody_changes_the_own_roles_or_removes_the_last_administrator(counter: Counter) -> None:
    admin = counter.client()
    sign_in(admin, "kanri")
    me = staff_id(counter, "kanri")
    data = {"name": "管理", "department": "citizen", "roles": ["admin@*", "auditor@*"]}
    assert post(admin, f"/staff/accounts/{me}", f"/staff/accounts/{me}", data).status_code == 403
    assert (
        post(admin, f"/staff/accounts/{me}", f"/staff/accounts/{me}/active", {"active": "no"}).status_code
        == 403
    )


def test_a_weak_password_is_refused_with_what_to_do(counter: Counter) -> None:
    admin = counter.client()
    sign_in(admin, "kanri")
    data = {"login": "shinjin", "name": "新人", "department": "tax", "password": "password123456789"}
    answer = post(admin, "/staff/accounts/new", "/staff/accounts/new", data)
    assert answer.status_code == 422
    assert "推測されやすい" in answer.text
    assert 'value="shinjin"' in answer.text
    assert "password123456789" not in answer.text


def test_sign_ins_and_refusals_are_in_the_trail_without_passwords(counter: Counter) -> None:
    sign_in(counter.client(), password="wrong secret")
    sign_in(counter.client())
    with counter.database.reading() as session:
        entries = list(session.scalars(select(AuditEntry)))
    actions = [entry.action for entry in entries]
    assert "staff.sign_in_refused" in actions
    assert "staff.sign_in" in actions
    assert "wrong secret" not in str([entry.details for entry in entries])


def test_a_staff_cookie_opens_nothing_on_the_residents_side(counter: Counter) -> None:
    client = counter.client()
    sign_in(client)
    cookie = client.get_cookie("madoguchi_staff")
    assert cookie
    other = counter.client()
    other.set_cookie("madoguchi", cookie.value)
    assert other.get("/my").status_code == 303


def test_an_absence_needs_a_substitute(counter: Counter) -> None:
    client = counter.client()
    sign_in(client)
    until = (clock.today() + timedelta(days=3)).isoformat()
    answer = post(client, "/staff/accounts/me", "/staff/accounts/me/absence", {"until": until})
    assert answer.status_code == 422
    data = {"until": until, "substitute": str(staff_id(counter, "kansa"))}
    assert post(client, "/staff/accounts/me", "/staff/accounts/me/absence", data).status_code == 303


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("name", "あ" * 65), ("name", " "), ("email", "a@" + "b" * 300 + ".example"), ("email", "いいえ")],
)
def test_what_an_account_cannot_hold_is_refused_with_its_field(
    session: Session, field: str, wrong: str
) -> None:
    made = staff_accounts.create(
        session, login="tadashii", name="正しい", department="citizen", roles=[], actor=SYSTEM
    )
    given = {"name": "正しい", "email": "tadashii@mihon.example", field: wrong}
    with pytest.raises(InvalidInput) as refused:
        staff_accounts.change(
            session, made, **given, department="citizen", roles=[], ends_on=None, actor=SYSTEM
        )
    assert refused.value.field == field
