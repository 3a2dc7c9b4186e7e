"""The organisation's own accounts for staff, accounts of companies, and a card beside a mail account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.fakes.identity_counter import Counter, build, post, sign_in_by_card, token_of
from tests.fakes.procedures import sample
from webapp import clock
from webapp.audit import SYSTEM, Actor
from webapp.db import Database
from webapp.identity import (
    factors,
    invitations,
    linking,
    mail_codes,
    residents,
    sessions,
    staff_accounts,
    staff_links,
)
from webapp.identity.models import IdentityLink, Resident, Staff, WebSession
from webapp.identity.sessions import Holder
from webapp.identity.staff_models import StaffLink
from webapp.intake import drafts
from webapp.ports.identity import Assertion, Level, ProtocolBroken


@pytest.fixture
def counter(database: Database, tmp_path: Path) -> Iterator[Counter]:
    built = build(database, tmp_path / "identity")
    yield built
    built.stop()


def invited(counter: Counter, login: str = "shinjin") -> str:
    """Make an account without a password; return the path of its invitation."""
    with counter.database.transaction() as session:
        staff = staff_accounts.create(
            session, login=login, name=login, department="citizen", roles=["reviewer@citizen"], actor=SYSTEM
        )
        return f"/staff/invitation/{invitations.invite(session, staff, SYSTEM)}"


def at_the_provider(
    client: FlaskClient, start: TestResponse, who: str, outcome: str = "normal"
) -> TestResponse:
    """Choose an account at the simulator and come back."""
    assert start.status_code == 303, start.text
    page = client.get(start.headers["Location"])
    transaction = re.search(r'name="transaction" value="([^"]+)"', page.text)
    action = re.search(r'action="([^"]+)"', page.text)
    assert transaction
    assert action
    chosen = {"transaction": transaction[1], "card": who, "outcome": outcome, "fault": ""}
    back = urlsplit(client.post(action[1], data=chosen).headers["Location"])
    return client.get(f"{back.path}?{back.query}")


def enter(
    counter: Counter, who: str = "staff-shinjin", outcome: str = "normal"
) -> tuple[FlaskClient, TestResponse]:
    client = counter.client()
    return client, at_the_provider(
        client, post(client, "/staff/sign-in", "/staff/sign-in/shared"), who, outcome
    )


def link(counter: Counter, who: str = "staff-shinjin", login: str = "shinjin") -> FlaskClient:
    client, path = counter.client(), invited(counter, login)
    answer = at_the_provider(client, post(client, path, f"{path}/shared"), who)
    assert answer.headers["Location"] == "/staff/"
    assert client.get(path).status_code == 404
    return client


def test_an_invitation_links_the_account_and_the_next_sign_in_needs_no_password(counter: Counter) -> None:
    assert link(counter).get("/staff/").text == "受付箱"
    client, answer = enter(counter)
    assert answer.headers["Location"] == "/staff/"
    assert client.get("/staff/").text == "受付箱"


def test_nobody_comes_in_without_an_invitation(counter: Counter) -> None:
    link(counter)
    client, answer = enter(counter, "staff-zeimu")
    assert answer.status_code == 403
    assert "招待を頼んでください" in answer.text
    assert client.get("/staff/").status_code == 303


@pytest.mark.parametrize("how", ["deactivated", "contract over"])
def test_who_has_left_is_refused_and_signed_out(counter: Counter, how: str) -> None:
    inside = link(counter)
    with counter.database.transaction() as session:
        staff = session.scalars(select(Staff)).one()
        if how == "deactivated":
            staff_accounts.deactivate(session, staff, SYSTEM)
        else:
            staff.ends_on = clock.today() - timedelta(days=1)
    assert inside.get("/staff/").status_code == 303
    assert enter(counter)[1].status_code == 403


def test_one_shared_account_belongs_to_one_officer(counter: Counter) -> None:
    link(counter)
    client, path = counter.client(), invited(counter, "another")
    answer = at_the_provider(client, post(client, path, f"{path}/shared"), "staff-shinjin")
    assert "別の職員に結びついています" in answer.text
    with counter.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(StaffLink)) == 1


def test_the_own_second_factor_is_still_asked_for(counter: Counter) -> None:
    link(counter)
    with counter.database.transaction() as session:
        staff = session.scalars(select(Staff)).one()
        factors.begin_totp(session, staff, "app").confirmed_at = clock.now()
    assert enter(counter)[1].headers["Location"] == "/staff/sign-in/second"


@pytest.mark.parametrize(("method", "is_strong"), [("mfa", True), ("hwk", True), ("pwd", False)])
def test_the_organisations_own_second_factor_counts(method: str, is_strong: bool) -> None:
    said = Assertion("staff_openid", "x", "y", Level.ACCOUNT, clock.now(), amr=frozenset({"pwd", method}))
    assert staff_links.has_second_factor(said) is is_strong


@pytest.mark.parametrize(("outcome", "words"), [("cancel", "中止しました"), ("down", "つながりません")])
def test_stopping_there_is_explained(counter: Counter, outcome: str, words: str) -> None:
    assert words in enter(counter, outcome=outcome)[1].text


def test_a_dangerous_step_is_confirmed_with_the_same_account_only(counter: Counter) -> None:
    client = link(counter)
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        page = client.get("/staff/confirm?next=/staff/factors/")
        assert "職員IDとパスワード" not in page.text
        data = {"csrf_token": token_of(page), "next": "/staff/factors/"}
        wrong = at_the_provider(client, client.post("/staff/confirm/shared", data=data), "staff-zeimu")
        assert wrong.status_code == 403
        data["csrf_token"] = token_of(client.get("/staff/confirm"))
        right = at_the_provider(client, client.post("/staff/confirm/shared", data=data), "staff-shinjin")
        assert right.headers["Location"] == "/staff/factors/"


def test_a_callback_in_another_browser_is_not_taken(counter: Counter) -> None:
    link(counter)
    start = post(client := counter.client(), "/staff/sign-in", "/staff/sign-in/shared")
    page = client.get(start.headers["Location"])
    found = re.search(r'name="transaction" value="([^"]+)"', page.text)
    action = re.search(r'action="([^"]+)"', page.text)
    assert found
    assert action
    chosen = {"transaction": found[1], "card": "staff-shinjin", "outcome": "normal", "fault": ""}
    back = urlsplit(client.post(action[1], data=chosen).headers["Location"])
    assert counter.client().get(f"{back.path}?{back.query}").status_code == 400


def test_a_company_signs_in_as_a_group(counter: Counter) -> None:
    client = counter.client()
    page = client.get("/sign-in?level=account")
    assert "会社や団体のアカウントを使う" in page.text
    data = {"csrf_token": token_of(page), "provider": "openid", "level": "account", "next": ""}
    answer = at_the_provider(client, client.post("/sign-in/card", data=data), "shokai")
    assert client.get(answer.headers["Location"]).text == "わたしの手続き account"
    with counter.database.reading() as session:
        resident = session.scalars(select(Resident)).one()
        assert (resident.kind, resident.profile["name"]) == ("group", "みほん商会株式会社")
    assert "会社や団体のアカウントを使う" not in client.get("/sign-in?level=card").text


def with_mail(counter: Counter, address: str = "hana@example.jp") -> tuple[FlaskClient, int]:
    """A browser signed in by mail."""
    assertion = Assertion("mail", mail_codes.ISSUER, address, Level.ACCOUNT, clock.now(), email=address)
    with counter.database.transaction() as session:
        number = residents.sign_in(session, assertion).id
        _, token = sessions.create(
            session, "resident", {}, Holder(resident_id=number, level=int(Level.ACCOUNT))
        )
    client = counter.client()
    client.set_cookie("madoguchi", token)
    return client, number


def test_a_card_read_beside_a_mail_account_is_asked_about_and_linked(counter: Counter) -> None:
    client, number = with_mail(counter)
    asked = sign_in_by_card(client, next_path="/account/")
    assert asked.headers["Location"] == "/sign-in/link"
    assert client.get("/my").text == "わたしの手続き account"  # nothing has happened yet
    page = client.get("/sign-in/link")
    assert "hana@example.jp" in page.text
    assert "見本　花子" in page.text
    done = post(client, "/sign-in/link", "/sign-in/link", {"answer": "same"})
    assert done.headers["Location"] == "/account/"
    assert client.get("/my").text == "わたしの手続き card"
    with counter.database.reading() as session:
        assert set(session.scalars(select(IdentityLink.resident_id))) == {number}
    assert sign_in_by_card(counter.client()).headers["Location"] == "/my"


def test_another_persons_card_becomes_an_account_of_its_own(counter: Counter) -> None:
    client, number = with_mail(counter)
    sign_in_by_card(client, "taro")
    post(client, "/sign-in/link", "/sign-in/link", {"answer": "other"})
    assert client.get("/my").text == "わたしの手続き card"
    with counter.database.reading() as session:
        by_card = session.scalars(select(IdentityLink).where(IdentityLink.level == int(Level.CARD))).one()
        assert by_card.resident_id != number


def test_the_question_does_not_wait_for_ever(counter: Counter) -> None:
    client, number = with_mail(counter)
    sign_in_by_card(client)
    page = client.get("/sign-in/link")
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        client.post("/sign-in/link", data={"csrf_token": token_of(page), "answer": "same"})
    with counter.database.reading() as session:
        assert set(session.scalars(select(IdentityLink.level))) == {int(Level.ACCOUNT)}
        assert set(session.scalars(select(IdentityLink.resident_id))) == {number}


def test_somebody_with_a_card_is_not_asked_about_another_card(counter: Counter) -> None:
    client = counter.client()
    sign_in_by_card(client, "hanako")
    assert sign_in_by_card(client, "taro").headers["Location"] == "/my"


def test_renumbered_subjects_are_moved_by_a_list(counter: Counter) -> None:
    """Another contract gives every person another subject (facts §1.4): nobody loses the account."""
    old, new = "https://old.example", "https://new.example"

    def proof(issuer: str, subject: str) -> Assertion:
        return Assertion("digital_agency", issuer, subject, Level.CARD, clock.now(), name=subject)

    def run(pairs: list[tuple[str, str]], apply: bool) -> linking.Relinked:
        with counter.database.transaction() as session:
            options = {"old_issuer": old, "new_issuer": new, "reason": "契約の変更", "actor": Actor("system")}
            return linking.relink(session, pairs, apply=apply, **options)

    with counter.database.transaction() as session:
        numbers = [residents.sign_in(session, proof(old, name)).id for name in ("a", "b")]
    pairs = [("a", "A"), ("b", "B")]
    assert run([*pairs, ("c", "C"), ("a", "A")], True) == linking.Relinked([1, 2], [3], [4])
    assert run(pairs, False).is_clean
    with counter.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(IdentityLink)) == 2  # neither changed anything
    assert run(pairs, True).done == [1, 2]
    assert run(pairs, True).taken == [1, 2]
    with counter.database.transaction() as session:
        assert [residents.sign_in(session, proof(new, name)).id for name in ("A", "B")] == numbers
        with pytest.raises(ProtocolBroken, match="replaced_subject"):
            residents.sign_in(session, proof(old, "a"))


def test_what_was_begun_by_mail_goes_along_to_the_cards_account(counter: Counter) -> None:
    sign_in_by_card(counter.client())  # the card has an account already
    client, number = with_mail(counter)
    with counter.database.transaction() as session:
        owner, visitor = drafts.Owner(number), Actor("resident", str(number))
        here = drafts.start(session, sample(), owner, lang="ja", actor=visitor).token
        elsewhere = drafts.start(session, sample(), owner, lang="ja", actor=visitor).token
        session.scalars(select(WebSession).where(WebSession.resident_id == number)).one().data = {
            f"own:draft:{here}": 1
        }
    asked = sign_in_by_card(client, next_path="/account/")
    assert "カードには前からの登録があります" in client.get(asked.headers["Location"]).text
    done = post(client, "/sign-in/link", "/sign-in/link", {"answer": "same"})
    assert done.headers["Location"] == "/account/"
    with counter.database.reading() as session:
        card = session.scalars(select(IdentityLink).where(IdentityLink.level == int(Level.CARD))).one()
        assert drafts.by_token(session, here).resident_id == card.resident_id != number
        assert (
            drafts.by_token(session, elsewhere).resident_id == number
        )  # of another browser: not proved here
