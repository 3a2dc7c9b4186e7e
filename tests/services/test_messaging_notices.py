"""Notices to many, through the real LINE plug to the fake: chunks, bad ids, quota, stuck emergencies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from integrations.line.messaging_api import Channel, MessagingApiLine
from integrations.mail.sandbox import SandboxMail
from tests.fakes.line_server import State, running
from webapp import clock
from webapp.db import Database
from webapp.identity.models import Resident
from webapp.jobs.relay import drain
from webapp.messaging import notices
from webapp.messaging.deliver import House
from webapp.messaging.models import LineAccount
from webapp.messaging.notices import Notice, NoticeHandler, enqueue_notice
from webapp.messaging.topics import Person
from webapp.outbox import relay
from webapp.outbox.models import OutboxMessage
from webapp.ports.line import Quota
from webapp.yaml_source import Text

MORNING = datetime(2026, 11, 20, 10, 0)
FLOOD = Notice(Text(ja="避難指示"), Text(ja="すぐに避難してください。"), Text(ja="登録しているためです。"))


@dataclass
class Hall:
    database: Database
    mail: SandboxMail
    state: State
    outbox_handlers: dict[str, Any]

    def tell(self, users: list[str], lane: Any = "bulk", key: str = "n") -> int:
        people = [Person(user_id=user) for user in users]
        with self.database.transaction() as session:
            return enqueue_notice(session, FLOOD, people, lane=lane, key=key)

    def resident(self, email: str, *phones: str) -> None:
        with self.database.transaction() as session:
            one = Resident(profile={"email": email, "name": "見本 花子"}, created_at=clock.now())
            session.add(one)
            session.flush()
            for phone in phones:
                session.add(LineAccount(user_id=phone, resident_id=one.id, state={}))

    def rows(self, status: str = "") -> list[OutboxMessage]:
        with self.database.reading() as session:
            found = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
        return [row for row in found if status in ("", row.status)]

    def mailed(self) -> list[str]:
        return sorted(mail.to for mail in self.mail.received())

    def look_after(self) -> int:
        with self.database.transaction() as session:
            return notices.mail_stuck_emergencies(session)


@pytest.fixture
def hall(database: Database, tmp_path: Path) -> Iterator[Hall]:
    with running() as (url, state), clock.frozen(MORNING):
        mail = SandboxMail(tmp_path / "mail.sqlite3")
        line = MessagingApiLine(Channel(state.token, url, url, connect_s=1.0, read_s=1.0))
        house = House(Text(ja="みほん市"), {}, {}, str, "noreply@mihon.example")
        handler = NoticeHandler(house, mail, line)
        yield Hall(database, mail, state, {notices.MULTICAST: handler, notices.MAIL: handler})


def test_a_thousand_and_one_people_are_three_calls_with_three_keys(hall: Hall) -> None:
    users = [f"U{n:04d}" for n in range(1001)]
    hall.tell([*users, *users[:50]])
    hall.tell(users)  # the same notice again tells nobody twice
    drain(hall)
    rows = hall.rows("accepted")
    assert [row.recipients for row in rows] == [500, 500, 1]
    assert len({row.retry_key for row in rows}) == 3
    assert set(hall.state.received.values()) == {1} and len(hall.state.received) == 1001


def test_no_transaction_is_open_while_line_is_spoken_to(hall: Hall) -> None:
    seen: list[str] = []

    def look(_kind: str, _body: dict[str, Any]) -> list[str]:
        with hall.database.transaction() as session:  # waits in vain for whoever still holds the row
            seen.append(session.scalars(select(OutboxMessage).with_for_update()).one().status)
        return []

    hall.state.validate = look
    hall.tell(["U1"])
    drain(hall)
    assert (seen, [row.status for row in hall.rows()]) == (["sending"], ["accepted"])


def test_a_bad_id_is_found_by_halves_with_new_keys_and_nobody_else_loses(hall: Hall) -> None:
    def refuse(kind: str, body: dict[str, Any]) -> list[str]:
        return ["to[0]: invalid"] if kind == "multicast" and "Ubad" in body["to"] else []

    hall.state.validate = refuse
    users = [f"U{n:02d}" for n in range(20)]
    hall.tell([*users, "Ubad"])
    drain(hall)
    assert {key.split("|")[0] for key in hall.state.received} == set(users)
    assert set(hall.state.received.values()) == {1}
    (bad,) = hall.rows("rejected")
    assert bad.payload["to"] == ["Ubad"]
    everything = hall.rows()
    assert len({row.retry_key for row in everything}) == len(everything)
    assert {row.status for row in everything} == {"accepted", "superseded", "rejected"}


def test_beyond_the_quota_those_with_an_address_get_a_mail_once(hall: Hall) -> None:
    hall.state.quota = 0
    hall.resident("hanako@example.jp", "U1", "U2")
    hall.tell(["U1", "U2", "U3"])
    drain(hall)
    assert hall.mailed() == ["hanako@example.jp"]
    (refused,) = hall.rows("rejected")
    assert hall.rows("accepted")[0].fallback_of == refused.id
    with hall.database.reading() as session:
        assert session.get_one(relay.ChannelBreaker, "line").reason == "quota"


def test_what_waits_in_the_outbox_counts_against_the_quota(hall: Hall) -> None:
    hall.tell([f"U{n}" for n in range(60)])
    with hall.database.reading() as session:
        promised = notices.promised_to_line(session)
    assert promised == 60
    quota = Quota(limit=1000, used=800)  # 200 left, 100 of them kept for what is urgent
    assert notices.shortfall(quota, 40, promised) == 0
    assert notices.shortfall(quota, 41, promised) == 1
    assert notices.shortfall(Quota(None, 10**9), 10**6, promised) == 0
    drain(hall)
    with hall.database.reading() as session:
        assert notices.promised_to_line(session) == 0


def test_an_emergency_that_line_does_not_take_goes_by_mail_after_ten_minutes_and_on_line_later(
    hall: Hall,
) -> None:
    hall.state.answers = ["500-before"] * 3
    hall.resident("hanako@example.jp", "U1")
    hall.tell(["U1", "U2"], lane="emergency")
    drain(hall)
    with clock.frozen(MORNING + timedelta(minutes=9)):
        assert hall.look_after() == 0
    with clock.frozen(MORNING + timedelta(minutes=11)):
        assert hall.look_after() == 1
        assert hall.look_after() == 0
        hall.state.answers = []
        drain(hall)
    assert hall.mailed() == ["hanako@example.jp"]
    assert len(hall.state.received) == 2


def test_an_emergency_leaves_by_mail_while_line_is_paused(hall: Hall) -> None:
    with hall.database.transaction() as session:
        relay.pause_channel(session, "line", "401 token")
    hall.resident("hanako@example.jp", "U1")
    hall.tell(["U1"], lane="emergency")
    hall.tell(["U1"], lane="bulk", key="other")
    with clock.frozen(MORNING + timedelta(minutes=11)):
        drain(hall)
        hall.look_after()
        drain(hall)
    assert hall.mailed() == ["hanako@example.jp"]


def test_a_late_notice_of_a_paused_channel_expires_and_is_not_mailed(hall: Hall) -> None:
    with hall.database.transaction() as session:
        relay.pause_channel(session, "line", "401 token")
    hall.resident("hanako@example.jp", "U1")
    hall.tell(["U1"])
    with clock.frozen(MORNING + timedelta(days=2)), hall.database.transaction() as session:
        assert relay.expire(session, hall.outbox_handlers) == 1
    assert [row.status for row in hall.rows()] == ["expired"]
