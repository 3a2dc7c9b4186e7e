"""A signed call or mail starts a prepared notice: only approved words, once, and never by a forger."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.fakes.line_world import LineWorld, line_world
from webapp import clock
from webapp.audit import SYSTEM, AuditEntry
from webapp.identity import sessions, staff_accounts
from webapp.identity.models import Staff
from webapp.identity.sessions import Holder
from webapp.jobs import commands
from webapp.jobs import notices as jobs
from webapp.messaging.topic_models import Broadcast
from webapp.messaging.trigger_models import NoticeCall
from webapp.web.sessions import COOKIES

KEY, NEXT = "k" * 32, "n" * 32
NIGHT = datetime(2026, 11, 23, 2, 0)
EVACUATE = {"event_id": "e1", "prepared": "evacuation", "areas": ["honmachi"]}


@dataclass
class Office:
    world: LineWorld

    def officer(self, role: str) -> FlaskClient:
        """A browser of somebody with this role."""
        client = self.world.app.test_client()
        with self.world.services.database.transaction() as session:
            staff = session.scalars(select(Staff).where(Staff.login == role)).first()
            if staff is None:
                staff = staff_accounts.create(
                    session, login=role, name=role, department="pr", roles=[f"{role}@*"], actor=SYSTEM
                )
            holder = Holder(staff_id=staff.id, authenticated_at=clock.now())
            _row, token = sessions.create(session, "staff", {}, holder, device="test")
        client.set_cookie(COOKIES["staff"], token, path="/")
        return client

    def approve(self, key: str = "evacuation", action: str = "approve", **more: str) -> int:
        """An approver reads the page and presses the button of one notice."""
        client = self.officer("approver")
        page = client.get("/staff/broadcasts/prepared").text
        form = page.split(f'action="/staff/broadcasts/prepared/{key}"')[1].split("</form>")[0]
        data = {
            name: form.split(f'name="{name}" value="')[1].split('"')[0] for name in ("csrf_token", "digest")
        }
        path = f"/staff/broadcasts/prepared/{key}"
        return client.post(path, data={**data, "_action": action, **more}).status_code

    def call(self, body: Any, *, key: str = KEY, late: int = 0, raw: bytes | None = None) -> tuple[int, str]:
        raw = json.dumps(body).encode() if raw is None else raw
        at = int(clock.now().timestamp()) - late
        headers = {
            "X-Madoguchi-Timestamp": str(at),
            "X-Madoguchi-Signature": signature(key, at, raw),
        }
        answer = self.world.app.test_client().post("/callbacks/notices", data=raw, headers=headers)
        return answer.status_code, answer.text

    def mail(self, body: Any, *, key: str = KEY, change: str = "") -> tuple[int, str]:
        """Pipe a mail into the command, its line ends and end changed as mail servers do."""
        text = json.dumps(body, indent=1)
        at = int(clock.now().timestamp())
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "bosai@mihon.example", "notice@mihon.example", "合図"
        mail["X-Madoguchi-Timestamp"] = str(at)
        mail["X-Madoguchi-Signature"] = signature(key, at, text.encode())
        mail.set_content(text + change)
        raw = mail.as_bytes().replace(b"\n", b"\r\n")
        result = self.world.app.test_cli_runner().invoke(args=["notices", "mail"], input=raw)
        return result.exit_code, result.output

    def send(self) -> str:
        jobs.send_due(self.world.services)
        self.world.work()
        return self.world.words()

    def count(self, model: Any) -> int:
        with self.world.services.database.reading() as session:
            return len(session.scalars(select(model)).all())


def signature(key: str, at: int, raw: bytes) -> str:
    return hmac.new(key.encode(), str(at).encode() + b"." + raw, hashlib.sha256).hexdigest()


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    world = line_world(database_url, tmp_path)
    settings = replace(world.services.settings, plug_options={"notice_key": f"{NEXT},{KEY}"})
    world.app.extensions["madoguchi"] = replace(world.services, settings=settings)
    commands.install(world.app)
    world.tap("topic=disaster&area=honmachi")
    with clock.frozen(NIGHT):
        yield Office(world)
    world.services.database.dispose()


def test_nothing_goes_out_that_nobody_approved_beforehand(office: Office) -> None:
    assert office.call(EVACUATE) == (400, "evacuation is not approved for calls from outside")
    assert "未承認" in office.officer("publicist").get("/staff/broadcasts/prepared").text
    assert office.approve() == 303
    assert office.call(EVACUATE)[0] == 202
    assert office.send().count("全員すぐに避難してください") == 2
    assert office.approve(action="withdraw") == 303
    assert office.call({**EVACUATE, "event_id": "e2"})[0] == 400


def test_the_same_call_acts_once_and_its_nonce_is_worth_nothing_else(office: Office) -> None:
    office.approve()
    answers = {office.call(EVACUATE) for _ in range(3)}
    assert len(answers) == 1
    assert office.call({**EVACUATE, "areas": ["asahi"]}) == (400, "event_id was used for another call")
    assert (office.count(Broadcast), office.count(NoticeCall)) == (1, 1)


def test_forged_old_and_foreign_calls_are_refused(office: Office) -> None:
    office.approve()
    assert office.call(EVACUATE, key="x" * 32) == (400, "signature")
    assert office.call(EVACUATE, late=301) == (400, "old timestamp")
    assert office.call(EVACUATE, late=-301) == (400, "old timestamp")
    for body in (
        {"event_id": "e"}, {"prepared": "evacuation"}, [], "x", {**EVACUATE, "areas": "honmachi"},
        {**EVACUATE, "prepared": "training"}, {**EVACUATE, "prepared": "nosuch"}, {**EVACUATE, "areas": ["nosuch"]},
        {**EVACUATE, "body": {"ja": "words from outside"}}, {**EVACUATE, "event_id": 5},
    ):  # fmt: skip
        assert office.call(body)[0] == 400, body
    assert office.call(None, raw=b"{")[0] == 400
    assert office.call(None, raw=b"[" * 40_000)[0] == 400
    assert office.call(None, raw=b" " * 70_000)[0] == 413
    assert office.count(Broadcast) == 0
    assert office.call(EVACUATE, key=NEXT)[0] == 202  # two keys while one is being replaced


def test_what_a_call_started_is_recorded_and_shown(office: Office) -> None:
    office.approve()
    office.call(EVACUATE)
    with office.world.services.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "broadcast.trigger")).one()
        row = session.scalars(select(Broadcast)).one()
        approved = session.scalars(select(AuditEntry).where(AuditEntry.action == "trigger.approve")).one()
    assert entry.details["prepared"] == "evacuation"
    assert (row.source, row.status, row.approver_id) == (
        "trigger:api",
        "approved",
        int(approved.actor_id or 0),
    )
    page = office.officer("publicist").get("/staff/broadcasts/prepared").text
    assert "（API、" in page


def test_a_signed_mail_does_the_same_and_a_changed_one_nothing(office: Office) -> None:
    office.approve()
    assert office.mail(EVACUATE, key="x" * 32) == (65, "refused: signature\n")
    assert office.mail(EVACUATE, change=" and more")[0] == 65
    code, said = office.mail(EVACUATE, change="\n\n")
    assert (code, said.split()[0]) == (0, "broadcast")
    assert office.mail(EVACUATE) == (0, said)
    assert office.send().count("全員すぐに避難してください") == 2
    with office.world.services.database.reading() as session:
        assert session.scalars(select(Broadcast.source)).all() == ["trigger:mail"]


def test_an_approval_is_for_exactly_these_words(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from webapp.messaging import prepared
    from webapp.yaml_source import Text

    office.approve()
    assert office.approve("elderly", digest="0" * 64) == 422
    assert office.call({**EVACUATE, "prepared": "elderly"})[0] == 400
    load = prepared.load

    def changed(folder: Path) -> prepared.PreparedNotices:
        notices = [one.model_copy(update={"title": Text(ja="別の見出し")}) for one in load(folder).notices]
        return prepared.PreparedNotices(notices=notices)

    monkeypatch.setattr(prepared, "load", changed)
    assert office.call(EVACUATE)[0] == 400


def test_without_a_long_key_there_is_no_door(office: Office) -> None:
    for key in ("", "short"):
        settings = replace(office.world.services.settings, plug_options={"notice_key": key})
        office.world.app.extensions["madoguchi"] = replace(office.world.services, settings=settings)
        assert office.call(EVACUATE, key=key or "x")[0] == 404
        assert office.mail(EVACUATE)[0] == 65


def test_a_publicist_may_look_and_not_approve(office: Office) -> None:
    client = office.officer("publicist")
    page = client.get("/staff/broadcasts/prepared").text
    assert "この文面を承認する" not in page
    csrf = page.split('name="csrf_token" value="')[1].split('"')[0]
    path = "/staff/broadcasts/prepared/evacuation"
    assert client.post(path, data={"csrf_token": csrf, "_action": "approve"}).status_code in (403, 404)


def test_a_call_that_waits_too_long_is_not_started_late(office: Office) -> None:
    office.approve()
    at = int(clock.now().timestamp())
    raw = json.dumps(EVACUATE).encode()
    headers = {"X-Madoguchi-Timestamp": str(at), "X-Madoguchi-Signature": signature(KEY, at, raw)}
    with clock.frozen(NIGHT + timedelta(minutes=6)):
        answer = office.world.app.test_client().post("/callbacks/notices", data=raw, headers=headers)
    assert answer.status_code == 400
