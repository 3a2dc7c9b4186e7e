"""Whoever holds or begins too much is stopped politely: what to do next, and nothing chosen is lost."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.fakes import hall
from tests.fakes.counter import counter, send, sign_in
from tests.fakes.procedures import sample
from webapp import clock
from webapp.audit import Actor
from webapp.booking.models import Booking
from webapp.identity import visits
from webapp.identity.models import Staff
from webapp.intake.models import Draft
from webapp.settings import Quotas

pytestmark = pytest.mark.usefixtures("in_may")
ANSWERS = {"persons": "10", "name": "見本 花子", "tel": "0773662000", "commercial": "no", "ticket": "0"}
START = "/apply/start/sample-certificate"


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Flask:
    made = counter(database_url, tmp_path, sample())
    made.extensions["madoguchi"] = replace(
        made.extensions["madoguchi"], facilities=hall.facilities(limits={})
    )
    return made


def allow(app: Flask, **quotas: int) -> None:
    services = app.extensions["madoguchi"]
    settings = replace(services.settings, quotas=Quotas(**quotas))
    app.extensions["madoguchi"] = replace(services, settings=settings)


def hold(browser: FlaskClient, day: int, **more: str) -> TestResponse:
    path = f"/book/gym/a/2026-06-{day:02d}"
    return send(browser, browser.get(path), path, {"band": "pm", "resident": "no", **more})


def begin(browser: FlaskClient) -> TestResponse:
    return send(browser, browser.get(START), START, {})


def standing(app: Flask, table: type[Booking] | type[Draft]) -> int:
    with app.extensions["madoguchi"].database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_one_slot_too_many_names_the_limit_and_the_holds_and_keeps_what_was_chosen(app: Flask) -> None:
    allow(app, slots_at_once=1)
    browser = app.test_client()
    first = hold(browser, 10).headers["Location"]
    refused = hold(browser, 11)
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0
    assert "一度にお取りできるのは1コマまでです。" in refused.text and f'href="{first}"' in refused.text
    assert 'value="pm" checked' in refused.text and 'value="no" checked' in refused.text
    assert "電話" in refused.text and standing(app, Booking) == 1


def test_a_series_over_the_limit_takes_nothing_and_keeps_its_days(app: Flask) -> None:
    allow(app, slots_at_once=2)
    refused = hold(app.test_client(), 10, days="6/12、6/13")
    assert refused.status_code == 429 and "6/12、6/13" in refused.text
    assert standing(app, Booking) == 0


def test_an_address_that_leaves_holds_behind_is_shown_the_sign_in_and_a_person_may_go_on(app: Flask) -> None:
    allow(app, unfinished_slots_here=1)
    hold(app.test_client(), 10)
    assert "サインインすると、すぐに予約できます" in hold(app.test_client(), 11).text
    known = app.test_client()
    sign_in(app, known)
    assert hold(known, 11).status_code == 303
    elsewhere = app.test_client()
    elsewhere.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert hold(elsewhere, 12).status_code == 303


def test_who_confirms_leaves_the_address_free_for_the_next(app: Flask) -> None:
    allow(app, unfinished_slots_here=1)
    browser = app.test_client()
    path = hold(browser, 10).headers["Location"]
    check = send(browser, browser.get(path), path, ANSWERS).headers["Location"]
    send(browser, browser.get(check), f"{path}/confirm", {})
    assert hold(app.test_client(), 11).status_code == 303


def test_a_tablet_in_a_visit_that_staff_opened_is_not_counted(app: Flask) -> None:
    allow(app, slots_at_once=1, unfinished_slots_here=1, drafts_an_hour=1)
    with app.extensions["madoguchi"].database.transaction() as session:
        staff = Staff(login="hall", name="職員", department="sports", created_at=clock.now())
        session.add(staff)
        session.flush()
        _visit, code = visits.start(session, staff, Actor("staff", str(staff.id), "職員"))
    tablet = app.test_client()
    send(tablet, tablet.get("/counter/"), "/counter/", {"code": code})
    assert [hold(tablet, day).status_code for day in (10, 11)] == [303, 303]
    assert [begin(tablet).status_code for _ in range(2)] == [303, 303]


def test_one_draft_too_many_offers_to_go_on_with_the_one_begun(app: Flask) -> None:
    allow(app, drafts_an_hour=1)
    browser = app.test_client()
    first = begin(browser).headers["Location"]
    refused = begin(browser)
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0
    assert "新しく書き始められません" in refused.text and f'href="{first}"' in refused.text
    assert standing(app, Draft) == 1
    assert begin(app.test_client()).status_code == 303


def test_drafts_of_one_address_are_counted_until_they_are_sent(app: Flask) -> None:
    allow(app, unfinished_drafts_here=1)
    browser = app.test_client()
    token = re.findall(r"/apply/([^/]+)", begin(browser).headers["Location"])[0]
    assert begin(app.test_client()).status_code == 429
    for key, typed in (
        ("what", {"kind": "full", "copies": "2"}),
        ("you", {"applicant_name": "髙﨑", "applicant_tel": "0773661000"}),
        ("papers", {}),
    ):
        url = f"/apply/{token}/pages/{key}"
        send(browser, browser.get(url), url, {**typed, "_action": "next"})
    check = f"/apply/{token}/check"
    assert send(browser, browser.get(check), check, {"declared": "yes"}).status_code == 303
    assert begin(app.test_client()).status_code == 303
