"""A session that ends while somebody writes: after signing in again the text is there, and nobody else's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.casework_office import PASSWORD, Office, open_office, post, token_of
from tests.fakes.counter import inputs, send
from tests.screens.test_acting_for_others import asked, code_of
from webapp import clock
from webapp.casework.models import CaseMessage
from webapp.db import Database
from webapp.identity import sessions
from webapp.identity.mandate_models import CounterVisit
from webapp.identity.models import Resident

LONG = "昨日お電話した件です。髙﨑の土地の境について、長くなりますが書きます。二段落目もあります。"
START = "/apply/start/test-application"


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return open_office(database, tmp_path)


def sign_in(office: Office, client: FlaskClient, **more: str) -> str:
    """Sign in by mail; return where it leads."""
    code = asked(office, client, **more)
    return post(client, "/sign-in/mail/code", "/sign-in/mail/code", code=code).headers["Location"]


def own_case(office: Office) -> str:
    """A case of the resident who has signed in."""
    reference = office.submit()
    with office.database.transaction() as session:
        mine = session.scalars(select(Resident.id)).one()
        office.case(session, reference).resident_id = mine
    return reference


def resent(client: FlaskClient, page: TestResponse, url: str) -> TestResponse:
    """Press the only button of the page that kept everything."""
    assert "もう一度送る" in page.text
    return send(client, page, url, {})


def messages(office: Office) -> list[str]:
    with office.database.reading() as session:
        return [row.body for row in session.scalars(select(CaseMessage))]


@pytest.mark.parametrize("hours", [5, 25, 24 * 5])
def test_a_residents_long_message_survives_the_end_of_the_session(office: Office, hours: int) -> None:
    client = office.app.test_client()
    sign_in(office, client)
    case = f"/cases/{own_case(office)}"
    page = client.get(case)
    with clock.frozen(clock.now() + timedelta(hours=hours)):
        if hours > 48:
            with office.database.transaction() as session:
                assert sessions.purge(session)  # not even the row of the session is left
        refused = send(client, page, f"{case}/messages", {"body": LONG})
        assert refused.status_code == 303
        asks = client.get(refused.headers["Location"])
        assert "入力した内容はそのまま残っています" in asks.text
        if hours < 48:
            assert "メールでサインインする" in asks.text, "the way this person signed in is offered"
        sign_in(office, client)
        assert resent(client, client.get("/sign-in/again"), f"{case}/messages").status_code == 303
        assert messages(office) == [LONG]
        assert client.get("/sign-in/again").status_code == 303, "what was sent is not kept any longer"


def test_nobody_else_at_this_browser_gets_the_text(office: Office) -> None:
    client = office.app.test_client()
    sign_in(office, client)
    case = f"/cases/{own_case(office)}"
    page = client.get(case)
    with clock.frozen(clock.now() + timedelta(hours=5)):
        send(client, page, f"{case}/messages", {"body": LONG})
        sign_in(office, client, address="another@example.jp")
        assert client.get("/sign-in/again").status_code == 303
        assert client.get(case).status_code == 302


def test_a_visitors_message_survives_and_waits_for_number_and_password(office: Office) -> None:
    with office.database.transaction() as session:
        sent = office.submitted(session)
        reference, password = sent.case.reference, sent.password
    assert password
    client = office.app.test_client()
    post(client, "/cases", "/cases", reference=reference, password=password)
    page = client.get(f"/cases/{reference}")
    with clock.frozen(clock.now() + timedelta(hours=5)):
        refused = send(client, page, f"/cases/{reference}/messages", {"body": LONG})
        asks = client.get(refused.headers["Location"])
        assert inputs(asks)["reference"] == [reference]
        assert "入力した内容はそのまま残っています" in asks.text
        found = send(client, asks, "/cases", {"reference": reference, "password": password})
        again = client.get(found.headers["Location"])
        assert resent(client, again, f"/cases/{reference}/messages").status_code == 303
        assert len(messages(office)) == 1


def test_a_draft_is_saved_first_and_shown_after_the_own_way_of_signing_in(office: Office) -> None:
    client = office.app.test_client()
    sign_in(office, client)
    url = client.get(post(client, START, START).headers["Location"], follow_redirects=True).request.path
    page = client.get(url)
    typed = {"applicant_name": "見本 花子", "tel": "09012345678", "wish": LONG, "_action": "next"}
    with clock.frozen(clock.now() + timedelta(hours=5)):
        saved = resent(client, send(client, page, url, typed), url)
        asks = client.get(saved.headers["Location"])
        assert "メールでサインインする" in asks.text, "no card is asked for where none was needed"
        assert client.get(url).status_code == 404
        sign_in(office, client)
        assert inputs(client.get(url))["wish"] == [LONG]


@pytest.mark.parametrize("minutes", [31, 601])
def test_an_officers_letter_survives(office: Office, minutes: int) -> None:
    reference, client = office.submit(), office.client("tanto")
    url = f"/staff/cases/{reference}/message"
    token = token_of(client.get(f"/staff/cases/{reference}"))
    with clock.frozen(clock.now() + timedelta(minutes=minutes)):
        refused = client.post(url, data={"csrf_token": token, "message": LONG})
        asks = client.get(refused.headers["Location"])
        assert "入力した内容はそのまま残っています" in asks.text
        wish = inputs(asks)["next"][0]
        typed = {"login": "tanto", "password": PASSWORD, "next": wish}
        back = send(client, asks, "/staff/sign-in", typed)
        assert resent(client, client.get(back.headers["Location"]), url).status_code == 303
        assert messages(office) == [LONG]


@pytest.mark.parametrize("minutes", [31, 601])
def test_a_paper_being_entered_survives_and_goes_on(office: Office, minutes: int) -> None:
    with office.database.transaction() as session:
        office.staff(session, "tanto").roles = ["reception@citizen"]
    client, choose = office.client("tanto"), "/staff/enter"
    begun = send(client, client.get(choose), choose, {"slug": "test-application", "channel": "paper"})
    url = begun.headers["Location"]
    page = client.get(url)
    typed = {"applicant_name": "紙野 一", "tel": "09012345678", "wish": LONG}
    with clock.frozen(clock.now() + timedelta(minutes=minutes)):
        asks = client.get(send(client, page, url, typed).headers["Location"])
        wish = {"login": "tanto", "password": PASSWORD, "next": inputs(asks)["next"][0]}
        back = send(client, asks, "/staff/sign-in", wish)
        assert resent(client, client.get(back.headers["Location"]), url).status_code == 200
        assert inputs(client.get(url))["wish"] == [LONG]
        other = office.client("kacho")
        assert other.get(url).status_code in (403, 404)


def at_the_tablet(office: Office) -> FlaskClient:
    """A tablet at which somebody has signed in."""
    tablet, desk = office.app.test_client(), office.client("tanto")
    code = code_of(post(desk, "/staff/counter/", "/staff/counter/").text)
    post(tablet, "/counter/", "/counter/", code=code)
    sign_in(office, tablet)
    assert tablet.get("/account/").status_code == 200
    return tablet


def test_a_tablet_forgets_who_walked_away_and_stays_at_its_visit(office: Office) -> None:
    tablet = at_the_tablet(office)
    start = clock.now()
    for minutes in (9, 18):
        with clock.frozen(start + timedelta(minutes=minutes)):
            assert tablet.get("/account/").status_code == 200
    with clock.frozen(start + timedelta(minutes=29)):
        assert tablet.get("/account/").status_code == 303
        assert "カードを読み取る" in tablet.get("/counter/menu").text


def test_a_tablet_forgets_everybody_when_its_visit_is_over(office: Office) -> None:
    tablet = at_the_tablet(office)
    with office.database.transaction() as session:
        session.scalars(select(CounterVisit)).one().started_at -= timedelta(hours=2)
    assert tablet.get("/account/").status_code == 303
    assert tablet.get("/counter/menu").headers["Location"] == "/counter/"
