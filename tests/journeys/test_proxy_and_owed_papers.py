"""Acting for somebody with a mandate, and a paper that follows later: in the browser, looked at by axe."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from tests.casework_office import open_office
from tests.fakes.counter import counter
from tests.fakes.procedures import ANSWERS, context
from tests.journeys import steps
from tests.journeys.person import Person
from tests.screens.test_hand_in import with_later
from webapp import clock
from webapp.applications.submit import submit
from webapp.audit import Actor
from webapp.db import Database
from webapp.identity import sessions
from webapp.identity.models import Resident
from webapp.identity.sessions import Holder
from webapp.intake import drafts
from webapp.ports.identity import Level


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The app on a port of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def resident(session: Session, name: str) -> tuple[int, str]:
    """Make a resident known by card; returns id and session token."""
    row = Resident(created_at=clock.now(), profile={"name": name})
    session.add(row)
    session.flush()
    holder = Holder(resident_id=row.id, level=int(Level.CARD), authenticated_at=clock.now())
    _, token = sessions.create(session, "resident", {}, holder)
    return row.id, token


def at_the_phone(browser: Browser, url: str, token: str) -> Person:
    """A phone that is signed in already."""
    shape = {"width": 390, "height": 844}
    opened = browser.new_context(viewport=shape, locale="ja-JP")
    opened.add_cookies([{"name": "madoguchi", "value": token, "url": url}])
    return Person(opened, url, mirror=browser.new_context(viewport=shape))


def test_a_mandate_is_given_taken_and_used(browser: Browser, database: Database, tmp_path: Path) -> None:
    office = open_office(database, tmp_path)
    with database.transaction() as session:
        _, hana_token = resident(session, "花子")
        _, taro_token = resident(session, "太郎")
    with served(office.app) as url:
        hana, taro = at_the_phone(browser, url, hana_token), at_the_phone(browser, url, taro_token)
        hana.goto("/mandates/")
        end = (clock.today().replace(day=1)).replace(year=clock.today().year + 1)
        hana.page.locator("main details summary").first.click()
        hana.page.locator("[name=procedures]").first.check(force=True)
        hana.page.locator("main form button[type=submit]").first.click()
        hana.sees("終わりの日を、年・月・日の数字で入力してください")
        assert hana.page.locator("[name=procedures]").first.is_checked()
        steps.fill_date(hana, "valid_to", end)
        hana.page.locator("main form button[type=submit]").first.click()
        hana.look()
        link = re.search(r"/mandates/offers/[\w-]+", hana.text())
        assert link is not None
        taro.goto(link.group())
        taro.sees("花子さんから")
        taro.page.locator("button[name=answer][value=accept]").click()
        taro.look()
        taro.goto("/mandates/")
        taro.page.locator("form[action$='/act'] button").first.click()
        taro.look()
        taro.goto("/apply/start/test-application")
        taro.page.locator("main form button[type=submit]").first.click()
        taro.look()
        taro.sees("花子")


def test_a_paper_that_was_promised_is_handed_in(
    browser: Browser, database_url: str, tmp_path: Path, paper: Path
) -> None:
    app = counter(database_url, tmp_path, with_later())
    with app.extensions["madoguchi"].database.transaction() as session:
        number, token = resident(session, "花子")
        visitor = Actor("visitor", None, "申請者")
        owner = drafts.Owner(number)
        draft = drafts.start(session, with_later(), owner, lang="ja", actor=visitor, answers=dict(ANSWERS))
        reference = submit(session, draft, context=context(), actor=visitor).case.reference
    with served(app) as url:
        phone = at_the_phone(browser, url, token)
        phone.goto("/my")
        phone.sees("出すものがあります")
        phone.goto(f"/cases/{reference}")
        phone.page.locator("a[href*='/hand-in/']").first.click()
        phone.look()
        phone.page.locator("main form button[type=submit]:visible").last.click()
        phone.look()
        phone.page.locator("input[type=file]").first.set_input_files(str(paper))
        phone.page.locator("main form button[type=submit]:visible").last.click()
        phone.look()
        phone.goto(f"/cases/{reference}")
        assert phone.page.locator("a[href*='/hand-in/']").count() == 0
