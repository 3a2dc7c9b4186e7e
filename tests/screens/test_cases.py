"""The case as its resident sees it: look-up, messages, correction, withdrawal, applying again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.fakes.counter import counter, draft_token, inputs, send, sign_in
from tests.fakes.procedures import ANSWERS, context, sample
from webapp import clock
from webapp.applications import review
from webapp.applications.submit import submit
from webapp.audit import Actor
from webapp.casework import thread
from webapp.casework.models import Case
from webapp.intake import drafts, sheets
from webapp.intake.corrections import Item

STAFF = Actor("staff", "1", "担当")
VISITOR = Actor("visitor", None, "申請者")


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Flask:
    return counter(database_url, tmp_path, sample())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def sent(app: Flask, resident_id: int | None = None, **answers: object) -> tuple[str, str]:
    """A submitted application: reference and password."""
    with app.extensions["madoguchi"].database.transaction() as session:
        owner = drafts.Owner(resident_id)
        draft = drafts.start(
            session, sample(), owner, lang="ja", actor=VISITOR, answers={**ANSWERS, **answers}
        )
        done = submit(session, draft, context=context(), actor=VISITOR)
        assert done.password is not None
        return done.case.reference, done.password


def ask(app: Flask, reference: str, *items: Item) -> None:
    with app.extensions["madoguchi"].database.transaction() as session:
        case = session.query(Case).filter_by(reference=reference).one()
        deadline = clock.today() + timedelta(days=10)
        review.ask_correction(session, case, list(items), deadline, STAFF, reason="ご確認ください")


def opened(client: FlaskClient, app: Flask) -> str:
    """A case that this client may open by reference number and password."""
    reference, password = sent(app)
    answer = look_up(client, reference, password)
    assert answer.status_code == 303
    return reference


def look_up(client: FlaskClient, reference: str, password: str):  # type: ignore[no-untyped-def]
    return send(client, client.get("/cases"), "/cases", {"reference": reference, "password": password})


def test_reference_and_password_open_the_case(app: Flask, client: FlaskClient) -> None:
    reference = opened(client, app)
    body = client.get(f"/cases/{reference}").get_data(as_text=True)
    assert "受け付けました" in body
    assert "600円" in body


def test_a_wrong_password_and_a_wrong_number_read_the_same(app: Flask, client: FlaskClient) -> None:
    reference, _password = sent(app)
    wrong = look_up(client, reference, "aaaa-aaaa").get_data(as_text=True).replace(reference, "")
    missing = look_up(client, "26-0000-0000", "aaaa-aaaa").get_data(as_text=True).replace("26-0000-0000", "")
    assert strip_token(wrong) == strip_token(missing)


def strip_token(body: str) -> str:
    import re

    return re.sub(r'(csrf_token" value|nonce)="[^"]*"', "", body)


def test_an_empty_look_up_says_what_to_enter(client: FlaskClient) -> None:
    page = look_up(client, "26-4839-1572", "")
    assert page.status_code == 422
    assert "照会用パスワードを入れてください。" in page.text and "違います" not in page.text
    assert 'value="26-4839-1572"' in page.text


def test_guessing_passwords_is_throttled(app: Flask, client: FlaskClient) -> None:
    reference, _password = sent(app)
    codes = [look_up(client, reference, f"aaaa-aaa{n}").status_code for n in range(2, 14)]
    assert 429 in codes


def test_the_page_of_a_foreign_case_and_of_none_lead_to_the_same_form(
    app: Flask, client: FlaskClient
) -> None:
    reference, _password = sent(app)
    foreign, missing = client.get(f"/cases/{reference}"), client.get("/cases/26-0000-0000")
    assert (foreign.status_code, missing.status_code) == (302, 302)
    assert foreign.location.split("?")[0] == missing.location.split("?")[0]


def test_a_message_travels_to_the_office(app: Flask, client: FlaskClient) -> None:
    reference = opened(client, app)
    page = client.get(f"/cases/{reference}")
    send(client, page, f"/cases/{reference}/messages", {"body": "いつごろ届きますか"})
    with app.extensions["madoguchi"].database.reading() as session:
        case = session.query(Case).one()
        assert [message.body for message in thread.of_case(session, case)] == ["いつごろ届きますか"]


def test_only_the_marked_field_can_be_changed_and_the_office_sees_before_and_after(
    app: Flask, client: FlaskClient
) -> None:
    reference = opened(client, app)
    ask(app, reference, Item("applicant_name", "wrong", "住民票のとおりに書いてください"))
    url = f"/cases/{reference}/correct"
    page = client.get(url)
    body = page.get_data(as_text=True)
    assert "住民票のとおりに書いてください" in body
    assert 'name="applicant_name"' in body
    assert 'name="copies"' not in body
    typed = {"applicant_name": "高崎 吉子", "copies": "9", "_action": "next"}
    assert send(client, page, url, typed).status_code == 303
    check = client.get(f"{url}/check")
    assert "高崎 吉子" in check.get_data(as_text=True)
    assert send(client, check, f"{url}/check", {}).status_code == 303
    with app.extensions["madoguchi"].database.reading() as session:
        case = session.query(Case).one()
        answers = sheets.latest(session, case.id).answers
        assert (answers["applicant_name"], answers["copies"]) == ("高崎 吉子", 2)
        assert case.status == "examining"
        seen = review.examine(session, case)
        assert seen is not None
        assert [(c.path, c.after) for c in seen.changes] == [("applicant_name", "高崎 吉子")]


def test_a_corrected_field_is_still_checked(app: Flask, client: FlaskClient) -> None:
    reference = opened(client, app)
    ask(app, reference, Item("applicant_tel", "wrong", ""))
    url = f"/cases/{reference}/correct"
    answer = send(client, client.get(url), url, {"applicant_tel": "12", "_action": "next"})
    assert answer.status_code == 422
    assert 'value="12"' in answer.get_data(as_text=True)


def test_a_mended_answer_that_brings_up_a_question_asks_it(app: Flask, client: FlaskClient) -> None:
    reference = opened(client, app)
    ask(app, reference, Item("kind", "wrong", ""))
    url = f"/cases/{reference}/correct"
    answer = send(client, client.get(url), url, {"kind": "part", "_action": "next"})
    assert answer.status_code == 422
    assert 'name="which"' in answer.get_data(as_text=True)
    done = send(client, answer, url, {"which": "続柄", "_action": "next"})
    assert done.status_code == 303


def test_a_higher_fee_after_a_correction_asks_only_for_the_difference(
    app: Flask, client: FlaskClient
) -> None:
    reference = opened(client, app)
    ask(app, reference, Item("copies", "wrong", ""))
    url = f"/cases/{reference}/correct"
    send(client, client.get(url), url, {"copies": "3", "_action": "next"})
    send(client, client.get(f"{url}/check"), f"{url}/check", {})
    assert "900円" in client.get(f"/cases/{reference}").get_data(as_text=True)


def test_one_cell_of_one_row_is_corrected_alone(app: Flask, client: FlaskClient) -> None:
    rows = [
        {"id": "r1", "name": "一郎", "birth": "2015-01-02"},
        {"id": "r2", "name": "二郎", "birth": "2017-01-02"},
    ]
    reference, password = sent(app, children=rows)
    look_up(client, reference, password)
    ask(app, reference, Item("children[r2].birth", "wrong", ""))
    url = f"/cases/{reference}/correct"
    page = client.get(url)
    assert "children[r2].birth.year" in page.get_data(as_text=True)
    assert "children[r1].birth.year" not in page.get_data(as_text=True)
    send(
        client, page, url, {"children[r2].birth.day": "3", "children[r2].name": "変えない", "_action": "next"}
    )
    send(client, client.get(f"{url}/check"), f"{url}/check", {})
    with app.extensions["madoguchi"].database.reading() as session:
        case = session.query(Case).one()
        assert sheets.latest(session, case.id).answers["children"] == [
            rows[0],
            {"id": "r2", "name": "二郎", "birth": "2017-01-03"},
        ]


def test_an_application_is_withdrawn_with_a_reason(app: Flask, client: FlaskClient) -> None:
    reference = opened(client, app)
    url = f"/cases/{reference}/withdraw"
    assert send(client, client.get(url), url, {"reason": " "}).status_code == 422
    assert send(client, client.get(url), url, {"reason": "窓口で受け取ったため"}).status_code == 303
    with app.extensions["madoguchi"].database.reading() as session:
        case = session.query(Case).one()
        assert case.status == "withdrawn"
        assert case.retain_until is not None


def test_applying_again_copies_the_answers_and_marks_them(app: Flask, client: FlaskClient) -> None:
    reference = opened(client, app)
    started = send(client, client.get(f"/cases/{reference}"), f"/cases/{reference}/again", {})
    token = draft_token(started.location)
    page = client.get(f"/apply/{token}/pages/you")
    assert inputs(page)["applicant_name"] == ["髙﨑 𠮷子"]
    assert "前の申請から写しました" in page.get_data(as_text=True)


def test_my_page_lists_cases_and_what_is_to_do(app: Flask, client: FlaskClient) -> None:
    resident_id = sign_in(app, client)
    reference, _password = sent(app, resident_id)
    ask(app, reference, Item("applicant_name", "unclear", ""))
    body = client.get("/my").get_data(as_text=True)
    assert reference in body
    assert "直してください" in body
    assert "お支払いがあります" in body
