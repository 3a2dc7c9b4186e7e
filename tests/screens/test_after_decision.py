"""What follows a decision, on the screens of both sides."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.casework_office import post
from tests.fakes.counter import counter, sign_in
from tests.fakes.library import load, sent
from webapp import clock
from webapp.applications.decide import Ruling, decide
from webapp.audit import SYSTEM, Actor
from webapp.calendar.business import city_hall
from webapp.casework.lookup import by_reference
from webapp.casework.models import Case
from webapp.identity import sessions, staff_accounts
from webapp.identity.sessions import Holder
from webapp.web.sessions import COOKIES

OFFICER = Actor("staff", "1", "担当 太郎")


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Flask:
    slugs = ("solar-battery", "vacant-house", "staff-exam")
    return counter(database_url, tmp_path, *(load(slug) for slug in slugs))


def accepted(app: Flask, slug: str, resident_id: int | None = None, **answers: object) -> str:
    services = app.extensions["madoguchi"]
    with services.database.transaction() as session, clock.frozen(datetime(2025, 6, 2, 10)):
        case = sent(session, slug, resident_id=resident_id, **answers)
        decide(session, case, Ruling("accept"), OFFICER, city=services.city, calendar=city_hall())
        return case.reference


def officer(app: Flask, department: str) -> FlaskClient:
    client = app.test_client()
    with app.extensions["madoguchi"].database.transaction() as session:
        roles = [f"reviewer@{department}", f"approver@{department}", "statistics@*"]
        staff = staff_accounts.create(
            session, login="tanto", name="担当", department=department, roles=roles, actor=SYSTEM
        )
        holder = Holder(staff_id=staff.id, authenticated_at=clock.now())
        _, token = sessions.create(session, "staff", {}, holder, device="test")
    client.set_cookie(COOKIES["staff"], token, path="/")
    return client


def test_a_report_is_shown_said_to_be_done_and_confirmed(app: Flask) -> None:
    client = app.test_client()
    reference = accepted(app, "solar-battery", sign_in(app, client))
    page = client.get(f"/cases/{reference}").text
    assert "このあとしていただくこと" in page and "実績報告" in page and "12月2日" in page
    number = page.split("/duties/")[1].split("/")[0]
    assert "次にすることがあります" in client.get("/my").text
    sent_on = post(client, f"/cases/{reference}", f"/cases/{reference}/duties/{number}/done")
    assert sent_on.status_code == 303
    assert "「実績報告」が済みました。" in client.get(f"/cases/{reference}").text
    staff = officer(app, "environment")
    assert reference in staff.get("/staff/inbox?view=owed").text
    shown = staff.get(f"/staff/cases/{reference}").text
    assert "「実績報告」が済みました。" in shown and "期限を過ぎました" in shown
    post(staff, f"/staff/cases/{reference}", f"/staff/cases/{reference}/duties/{number}/done")
    assert "確認済み" in staff.get(f"/staff/cases/{reference}").text
    assert "このあとしていただくこと" not in client.get(f"/cases/{reference}").text


def test_a_stranger_cannot_say_that_a_duty_is_done(app: Flask) -> None:
    reference = accepted(app, "solar-battery")
    stranger = app.test_client()
    assert post(stranger, "/cases", f"/cases/{reference}/duties/1/done").status_code == 404


def test_a_registration_stands_on_the_case_and_is_ended_there(app: Flask) -> None:
    client = app.test_client()
    reference = accepted(app, "vacant-house", sign_in(app, client), role="user", wish_text="海の近く")
    staff = officer(app, "housing")
    page = staff.get(f"/staff/cases/{reference}").text
    assert "空き家情報バンクの利用登録" in page and "登録中" in page
    number = page.split("/registrations/")[1].split("/")[0]
    post(staff, f"/staff/cases/{reference}", f"/staff/cases/{reference}/registrations/{number}/end")
    assert "登録中" not in staff.get(f"/staff/cases/{reference}").text


def test_an_officer_sees_the_other_application_of_the_same_person(app: Flask) -> None:
    services = app.extensions["madoguchi"]
    with services.database.transaction() as session, clock.frozen(datetime(2026, 11, 20, 10)):
        online = sent(session, "staff-exam").reference
        paper = sent(session, "staff-exam", channel="paper", name="高崎吉郎").reference
    staff = officer(app, "personnel")
    page = staff.get(f"/staff/cases/{paper}").text
    assert "同じ内容の申込みがあります" in page and online in page
    with services.database.reading() as session:
        assert isinstance(by_reference(session, online), Case)


def test_what_is_left_of_the_budget_is_told_before_one_begins(app: Flask) -> None:
    client = app.test_client()
    with clock.frozen(datetime(2025, 6, 3, 10)):
        assert "残りは10,000,000円です" in client.get("/procedures/solar-battery").text
        accepted(app, "solar-battery")
        assert "残りは9,660,000円です" in client.get("/procedures/solar-battery").text


def test_figures_of_a_procedure_stand_by_year_with_their_running_total(app: Flask) -> None:
    accepted(app, "solar-battery")
    services = app.extensions["madoguchi"]
    with services.database.transaction() as session, clock.frozen(datetime(2026, 5, 1, 10)):
        sent(session, "solar-battery")
        sent(session, "solar-battery")
    page = officer(app, "environment").get("/staff/statistics?year=2026&slug=solar-battery").text
    cells = page[page.index('id="by-year"') :].replace("\n", "")
    row = '{}</th><td class="number">{}</td><td class="number">{}</td>'
    assert row.format("令和7年度", 1, 1) in cells
    assert row.format("令和8年度", 2, 3) in cells
    assert "2件のうち0件(0.0%)に対応しました" in page
