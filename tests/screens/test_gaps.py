"""Paper with something missing is taken, waits for exactly that, and its clock stands still meanwhile."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.casework_office import Office, boxes, open_office, post, token_of
from webapp import clock
from webapp.casework import deadline
from webapp.casework.models import Case
from webapp.db import Database
from webapp.intake import corrections, sheets

PDF = b"%PDF-1.7\n%%EOF"
PAPER = """
      - {key: plan, type: file, label: {ja: 計画書}}
"""


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    opened = open_office(database, tmp_path, more=PAPER)
    yield opened
    opened.services.database.dispose()


def entered(client: FlaskClient, **typed: str) -> tuple[str, TestResponse]:
    """Enter a paper of 2 June and press 確認する; returns the entry's address and the answer."""
    started = post(
        client,
        "/staff/enter",
        "/staff/enter",
        slug="test-application",
        channel="paper",
        **boxes("received", date(2026, 6, 1)),
    )
    here = started.headers["Location"]
    given = {"applicant_name": "紙 花子", "tel": "0312345678", "email": "", "wish": "", **typed}
    return here, post(client, here, here, _action="send", **given)


def test_paper_with_a_gap_is_taken_and_the_gap_is_asked_for(office: Office) -> None:
    with clock.frozen(datetime(2026, 6, 3, 10)):
        client = office.client()
        here, asked = entered(client, tel="")
        assert asked.status_code == 422 and "足りないところが2か所あります" in asked.text
        check = client.get(f"{here}/check").text
        assert "電話番号" in check and "計画書" in check and "不備のまま受け付ける" in check
        sent = post(client, f"{here}/check", f"{here}/send", with_gaps="yes")
        assert "足りないところがあります" in sent.text
    with office.database.reading() as session:
        case = session.scalars(select(Case)).one()
        waiting = corrections.waiting(session, case.id)
        assert waiting is not None
        assert {(item.path, item.reason) for item in waiting.items} == {
            ("tel", "missing"),
            ("plan", "missing"),
        }
        assert (case.status, case.answer_by) == ("correction", waiting.deadline)
        assert clock.tokyo(case.arrived_at).date() == date(2026, 6, 1)
        assert case.paused_at is not None


def test_what_came_later_is_entered_and_the_clock_goes_on_from_there(office: Office) -> None:
    with clock.frozen(datetime(2026, 6, 3, 10)):
        client = office.client()
        here, _ = entered(client)
        post(client, f"{here}/check", f"{here}/send", with_gaps="yes")
        with office.database.reading() as session:
            reference = session.scalars(select(Case.reference)).one()
    supplement = f"/staff/cases/{reference}/supplement"
    with clock.frozen(datetime(2026, 6, 10, 10)):
        client = office.client()
        assert "届いた回答を入力する" in client.get(f"/staff/cases/{reference}").text
        empty = post(client, supplement, supplement, _action="send")
        assert empty.status_code == 422 and "計画書" in empty.text
        data = {
            "csrf_token": token_of(client.get(supplement)),
            "_action": "send",
            "plan": (io.BytesIO(PDF), "plan.pdf"),
            "applicant_name": "別の人",
        }
        assert client.post(supplement, data=data).status_code == 303
        with office.database.reading() as session:
            case = office.case(session, reference)
            answers = sheets.latest(session, case.id).answers
            assert answers["plan"][0]["name"] == "plan.pdf" and answers["applicant_name"] == "紙 花子"
            assert (case.status, case.answer_by, case.paused_at) == ("examining", None, None)
            # Two of five open days were used on 2 and 3 June; the other three begin on 11 June.
            assert case.due_on == date(2026, 6, 15)
            assert deadline.days_used(session, case) == 2


def test_a_value_that_is_wrong_is_never_taken_as_a_gap(office: Office) -> None:
    client = office.client()
    here, asked = entered(client, tel="abc")
    assert asked.status_code == 422 and "不備のまま" not in asked.text
    assert client.get(f"{here}/check").status_code == 302 or client.get(f"{here}/check").status_code == 303


def test_without_saying_so_an_entry_with_gaps_is_not_sent(office: Office) -> None:
    client = office.client()
    here, _ = entered(client)
    assert post(client, f"{here}/check", f"{here}/send").status_code == 422
    with office.database.reading() as session:
        assert session.scalars(select(Case)).all() == []
