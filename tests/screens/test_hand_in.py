"""A paper may follow: promised at submission, due on a day, handed in on the case."""

from __future__ import annotations

import copy
import io
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.fakes.counter import counter, send, sign_in
from tests.fakes.procedures import ANSWERS, BODY, context
from webapp import clock
from webapp.applications import owed
from webapp.applications.submit import submit
from webapp.audit import SYSTEM, Actor
from webapp.casework.models import Case
from webapp.form_engine.model import Definition
from webapp.identity import sessions, staff_accounts
from webapp.identity.sessions import Holder
from webapp.intake import drafts, sheets
from webapp.web.sessions import COOKIES

VISITOR = Actor("visitor", None, "申請者")
PDF = b"%PDF-1.7\n%%EOF"


def with_later() -> Definition:
    body = copy.deepcopy(BODY)
    body["pages"][2]["fields"][0] |= {"required": True, "later": {"within": {"days": 14}}}
    body["department"] = "citizen"
    return Definition.model_validate(body)


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Flask:
    return counter(database_url, tmp_path, with_later())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def promised(app: Flask, client: FlaskClient) -> tuple[str, int]:
    resident_id = sign_in(app, client)
    with app.extensions["madoguchi"].database.transaction() as session:
        owner = drafts.Owner(resident_id)
        draft = drafts.start(session, with_later(), owner, lang="ja", actor=VISITOR, answers=dict(ANSWERS))
        case = submit(session, draft, context=context(), actor=VISITOR).case
        return case.reference, owed.waiting(session, case.id)[0].id


def test_a_paper_to_follow_does_not_stop_the_submission_and_waits_on_the_case(
    app: Flask, client: FlaskClient
) -> None:
    reference, number = promised(app, client)
    body = client.get(f"/cases/{reference}").get_data(as_text=True)
    assert "本人確認の写真" in body
    assert f"/cases/{reference}/hand-in/{number}" in body
    assert "出すものがあります" in client.get("/my").get_data(as_text=True)


def test_the_paper_is_handed_in_and_the_office_has_news(app: Flask, client: FlaskClient) -> None:
    reference, number = promised(app, client)
    url = f"/cases/{reference}/hand-in/{number}"
    done = send(client, client.get(url), url, {"photo": (io.BytesIO(PDF), "証明.pdf")})
    assert done.status_code == 303
    with app.extensions["madoguchi"].database.reading() as session:
        case = session.query(Case).one()
        answers = sheets.latest(session, case.id).answers
        assert [item["name"] for item in answers["photo"]] == ["証明.pdf"]
        assert owed.waiting(session, case.id) == []


def officer(app: Flask) -> FlaskClient:
    """A browser of somebody who examines cases in the citizens' department."""
    with app.extensions["madoguchi"].database.transaction() as session:
        staff = staff_accounts.create(
            session,
            login="tanto",
            name="担当 太郎",
            department="citizen",
            roles=["reviewer@citizen"],
            actor=SYSTEM,
        )
        holder = Holder(staff_id=staff.id, authenticated_at=clock.now())
        _row, token = sessions.create(session, "staff", {}, holder, device="test")
    browser = app.test_client()
    browser.set_cookie(COOKIES["staff"], token, path="/")
    return browser


def duties_of(page: str) -> str:
    return page.partition('id="duties"')[2].partition("</section>")[0]


def test_staff_see_until_when_the_paper_is_owed_and_then_the_paper(app: Flask, client: FlaskClient) -> None:
    reference, number = promised(app, client)
    desk = officer(app)
    before = desk.get(f"/staff/cases/{reference}").get_data(as_text=True)
    assert "本人確認の写真" in duties_of(before)
    assert "未提出" in duties_of(before)
    assert "あとで提出(" in before
    url = f"/cases/{reference}/hand-in/{number}"
    send(client, client.get(url), url, {"photo": (io.BytesIO(PDF), "髙﨑の証明.pdf")})
    after = desk.get(f"/staff/cases/{reference}").get_data(as_text=True)
    assert "未提出" not in duties_of(after)
    assert "髙﨑の証明.pdf" in after


def test_handing_in_nothing_says_what_to_do(app: Flask, client: FlaskClient) -> None:
    reference, number = promised(app, client)
    url = f"/cases/{reference}/hand-in/{number}"
    refused = send(client, client.get(url), url, {})
    assert refused.status_code == 422
    assert "ファイルを選んでください" in refused.get_data(as_text=True)


def test_nobody_else_hands_in(app: Flask, client: FlaskClient) -> None:
    reference, number = promised(app, client)
    stranger = app.test_client()
    sign_in(app, stranger)
    assert stranger.get(f"/cases/{reference}/hand-in/{number}").status_code == 404
