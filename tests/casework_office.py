"""An office for tests of staff screens: the app on the sample city with one small procedure of each kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from integrations.builders import folder, sandbox_line, sandbox_mail, sandbox_scanner
from integrations.catalogue import Ground
from webapp import clock, wiring
from webapp.app import create_app
from webapp.applications.submit import Submitted, submit
from webapp.audit import SYSTEM, Actor
from webapp.calendar.business import city_hall
from webapp.casework.models import Case
from webapp.db import Database
from webapp.form_engine.outcome import Context
from webapp.identity import sessions, staff_accounts
from webapp.identity.models import Staff
from webapp.identity.passwords import hash_password
from webapp.identity.sessions import Holder
from webapp.intake import drafts
from webapp.settings import ROOT, Settings
from webapp.web.sessions import COOKIES

PASSWORD = "correct horse battery"
VISITOR = Actor("visitor", label="申請者")

FORM = """
form: 1
slug: {slug}
kind: {kind}
sample: true
title: {{ja: {title}, en: Sample procedure}}
summary: {{ja: 試験のための手続きです。}}
category: certificates
department: citizen
law: [{{name: 住民基本台帳法, article: 第12条}}]
purpose_of_use: {{ja: 試験のために使います。}}
retention: {{years: 3}}
identity: {{level: none}}
who: {{ja: だれでも}}
processing: {{within: {{business_days: 5}}}}
declaration: {{ja: 内容に誤りはありません。}}
pages:
  - key: applicant
    title: {{ja: 申請する人}}
    fields:
      - {{key: applicant_name, type: text, label: {{ja: 氏名}}}}
      - {{key: tel, type: tel, label: {{ja: 電話番号}}}}
      - {{key: email, type: email, label: {{ja: メールアドレス}}, required: false}}
      - {{key: wish, type: textarea, label: {{ja: 希望}}, required: false}}
"""
TITLES = {
    "application": "住民票の写し(試験)",
    "notification": "届出(試験)",
    "report": "道路の通報(試験)",
    "request": "講座の申込(試験)",
}


@dataclass
class Office:
    """The running office: app, database, and shortcuts for what tests do."""

    app: Flask
    database: Database
    services: wiring.Services

    def client(self, login: str = "tanto") -> FlaskClient:
        """A browser in which this officer has signed in."""
        client = self.app.test_client()
        with self.database.transaction() as session:
            holder = Holder(staff_id=self.staff(session, login).id, authenticated_at=clock.now())
            _, token = sessions.create(session, "staff", {}, holder, device="test")
        client.set_cookie(COOKIES["staff"], token, path="/")
        return client

    def submit(self, kind: str = "application", **answers: Any) -> str:
        """Send an application and return its reference."""
        with self.database.transaction() as session:
            return self.submitted(session, kind, **answers).case.reference

    def submitted(self, session: Session, kind: str = "application", **answers: Any) -> Submitted:
        definition = self.services.library[f"test-{kind}"]
        given = {"applicant_name": "髙橋 一郎", "tel": "09012345678", "email": "taka@example.jp", **answers}
        draft = drafts.start(session, definition, drafts.Owner(), lang="ja", actor=VISITOR, answers=given)
        now = clock.tokyo(clock.now())
        context = Context(today=now.date(), now=now, calendar=city_hall())
        return submit(session, draft, context=context, actor=VISITOR)

    def case(self, session: Session, reference: str) -> Case:
        return session.scalars(select(Case).where(Case.reference == reference)).one()

    def staff(self, session: Session, login: str) -> Staff:
        return session.scalars(select(Staff).where(Staff.login == login)).one()


def open_office(database: Database, folder_path: Path, *, more: str = "") -> Office:
    """Build the app with its staff: tanto and kacho of 市民課, zeimu of 税務課, and a 統計 account.

    ``more`` are further questions of the four procedures, as YAML.
    """
    forms = folder_path / "forms"
    for kind, title in TITLES.items():
        place = forms / f"test-{kind}"
        place.mkdir(parents=True)
        (place / "form.yaml").write_text(
            FORM.format(slug=f"test-{kind}", kind=kind, title=title).rstrip() + more
        )
    city = folder_path / "city"
    city.mkdir()
    (city / "city.yaml").symlink_to(ROOT / "demo" / "city.yaml")
    settings = Settings(
        database_url=str(database.url),
        city_dir=city,
        forms_dir=forms,
        data_dir=folder_path,
        base_url="http://localhost",
    )
    services = wiring.build(settings, _plugs(settings))
    app = create_app(services)
    app.config["TESTING"] = True
    with database.transaction() as session:
        for login, name, department, roles in (
            ("tanto", "担当 太郎", "citizen", ["reviewer@citizen", "approver@citizen"]),
            ("kacho", "課長 花子", "citizen", ["reviewer@citizen", "approver@citizen", "statistics@*"]),
            ("zeimu", "税務 次郎", "tax", ["reviewer@tax", "approver@tax"]),
            ("toukei", "統計 三郎", "personnel", ["statistics@*"]),
        ):
            staff_accounts.create(
                session,
                login=login,
                name=name,
                department=department,
                roles=roles,
                actor=SYSTEM,
            ).password_hash = _hashed()
    return Office(app, database, services)


@lru_cache(maxsize=1)
def _hashed() -> str:
    """One slow hash serves every account of every test."""
    return hash_password(PASSWORD)


def token_of(page: TestResponse) -> str:
    """The CSRF token of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None, page.text[:2000]
    return found[1]


def post(client: FlaskClient, page: str, url: str, **data: Any) -> TestResponse:
    """Open ``page``, then send its token with ``data`` to ``url``."""
    return client.post(url, data={"csrf_token": token_of(client.get(page)), **data})


def boxes(name: str, day: date) -> dict[str, str]:
    """The three boxes of a date."""
    return {f"{name}.year": str(day.year), f"{name}.month": str(day.month), f"{name}.day": str(day.day)}


def _plugs(settings: Settings) -> wiring.Plugs:
    ground = Ground(
        options={},
        base_url=settings.base_url,
        internal_url=settings.base_url,
        data_dir=settings.data_dir,
        secret=settings.secret_key,
        now=clock.now,
    )
    return wiring.Plugs(
        identity={},
        payment={},
        storage=folder(ground),
        scanner=sandbox_scanner(ground),
        mail=sandbox_mail(ground),
        line=sandbox_line(ground),
    )
