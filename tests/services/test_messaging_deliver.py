"""tell() to the end: channel, fallback, blocked phones, bounced mail, LINE switched off."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from integrations.line.sandbox import SandboxLine
from integrations.mail.sandbox import SandboxMail
from webapp import clock
from webapp.db import Database
from webapp.errors import NotFound
from webapp.identity.models import Resident
from webapp.jobs import upkeep
from webapp.jobs.relay import ALL_LANES, drain
from webapp.messaging import line_lint, one_time_links, templates
from webapp.messaging.deliver import House, TellHandler
from webapp.messaging.mail_message import Contact
from webapp.messaging.models import ContactWish, LineAccount
from webapp.messaging.tell import Link, Recipient, tell
from webapp.outbox import quiet
from webapp.outbox.models import OutboxMessage
from webapp.outbox.relay import pause_channel
from webapp.ports.delivery import Outcome
from webapp.yaml_source import Text

PHONE = "Usandbox0000000000000000000000001"


@dataclass
class World:
    database: Database
    mail: SandboxMail
    line: SandboxLine
    outbox_handlers: dict[str, Any] = field(default_factory=dict)
    resident_id: int = 0

    def use(self, *, line: Any = "sandbox") -> None:
        house = House(
            city=Text(ja="みほん市", en="Mihon"),
            contacts={"citizen": Contact(Text(ja="市民課"), "0000-55-1111")},
            links={"case": lambda reference: f"https://mihon.example/cases/{reference}"},
            open_link=lambda token: f"https://mihon.example/l/{token}",
            mail_from="noreply@mihon.example",
        )
        plug = self.line if line == "sandbox" else line
        self.outbox_handlers = {"tell": TellHandler(house, templates.load(), self.mail, plug)}

    def tell(self, email: str | None = "hanako@example.jp", key: str = "k") -> None:
        with self.database.transaction() as session:
            tell(
                session, "decided",
                Recipient(self.resident_id, "見本花子", email), link=Link("case", {"reference": "26-4839-1572"}),
                reference="26-4839-1572", data={"procedure": "住民票の写し", "department": "citizen"}, dedupe_key=key,
            )  # fmt: skip
        drain(self)

    def rows(self) -> list[tuple[str, str]]:
        with self.database.reading() as session:
            found = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
        return [(row.channel, row.status) for row in found]


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    made = World(database, SandboxMail(tmp_path / "mail.sqlite3"), SandboxLine(tmp_path / "line.sqlite3"))
    with database.transaction() as session:
        resident = Resident(profile={"email": "hanako@example.jp"}, created_at=clock.now())
        session.add(resident)
        session.flush()
        made.resident_id = resident.id
    made.use()
    return made


@pytest.fixture
def link_phone(world: World) -> Callable[..., None]:
    def _link(user_id: str = PHONE) -> None:
        with world.database.transaction() as session:
            session.add(LineAccount(user_id=user_id, resident_id=world.resident_id, state={}))

    return _link


def test_without_line_the_message_comes_by_mail_with_the_departments_contact(world: World) -> None:
    world.tell()
    (mail,) = world.mail.received()
    assert mail.subject == "【みほん市】手続きの結果: 住民票の写し"
    for words in (
        "見本花子 様",
        "https://mihon.example/cases/26-4839-1572",
        "市民課",
        "0000-55-1111",
        "理由",
    ):
        assert words in mail.body


def test_a_linked_phone_is_told_with_fixed_words_and_a_link_that_leads_to_the_case(
    world: World, link_phone: Callable[..., None]
) -> None:
    link_phone()
    world.tell()
    assert world.rows() == [("line", "accepted")]
    (bubble,) = world.line.received()
    text = json.dumps(bubble.message, ensure_ascii=False)
    for private in ("住民票", "見本花子", "26-4839-1572", "hanako"):
        assert private not in text
    assert line_lint.complaints([bubble.message]) == []
    token = text.split("https://mihon.example/l/")[1].split('"')[0]
    with world.database.reading() as session:
        assert one_time_links.find(session, token).args == {"reference": "26-4839-1572"}


def test_with_line_switched_off_the_same_message_comes_by_mail(
    world: World, link_phone: Callable[..., None]
) -> None:
    link_phone()
    world.use(line=None)
    world.tell()
    assert world.rows() == [("mail", "accepted")]


def test_a_blocked_phone_falls_back_to_mail_and_is_remembered(
    world: World, link_phone: Callable[..., None], tmp_path: Path
) -> None:
    class Blocked(SandboxLine):
        def push(self, request: bytes, retry_key: str) -> Outcome:
            return Outcome("unreachable", "404")

    link_phone()
    world.use(line=Blocked(tmp_path / "line.sqlite3"))
    world.tell()
    assert world.rows() == [("line", "unreachable"), ("mail", "accepted")]
    with world.database.reading() as session:
        assert session.scalars(select(LineAccount.reachable)).one() is False


def test_a_used_up_quota_falls_back_to_mail_and_pauses_line(
    world: World, link_phone: Callable[..., None], tmp_path: Path
) -> None:
    class Full(SandboxLine):
        def push(self, request: bytes, retry_key: str) -> Outcome:
            return Outcome("rejected", "quota")

    link_phone()
    world.use(line=Full(tmp_path / "line.sqlite3"))
    world.tell(key="a")
    world.tell(key="b")
    assert world.rows() == [("line", "rejected"), ("mail", "accepted"), ("mail", "accepted")]


def test_a_resident_may_prefer_mail(world: World, link_phone: Callable[..., None]) -> None:
    link_phone()
    with world.database.transaction() as session:
        session.add(ContactWish(resident_id=world.resident_id, channel="mail"))
    world.tell()
    assert world.rows() == [("mail", "accepted")]


def test_every_linked_phone_of_a_resident_is_told(world: World, link_phone: Callable[..., None]) -> None:
    link_phone()
    link_phone("Usandbox0000000000000000000000002")
    world.tell()
    assert world.rows() == [("line", "accepted"), ("line", "accepted")]


def test_a_refused_address_is_shown_to_staff_as_bounced(world: World) -> None:
    world.tell(email="gone@bounce.example")
    assert world.rows() == [("mail", "unreachable")]
    with world.database.reading() as session:
        assert session.get_one(Resident, world.resident_id).email_bounced_at is not None


def test_a_person_with_only_a_telephone_is_a_normal_row_that_says_so(world: World) -> None:
    world.tell(email=None)
    assert world.rows() == [("", "unreachable")]


def test_telling_twice_with_one_key_tells_once(world: World) -> None:
    world.tell()
    world.tell()
    assert len(world.mail.received()) == 1


def test_a_link_is_over_after_its_time(world: World) -> None:
    with world.database.transaction() as session:
        token = one_time_links.make(session, "case", {"reference": "x"})
        assert one_time_links.use(session, token).name == "case"
        with pytest.raises(NotFound):
            one_time_links.use(session, token)
    with clock.frozen(clock.now() + timedelta(days=15)), world.database.reading() as session:
        with pytest.raises(NotFound):
            one_time_links.find(session, token)


def test_a_blocked_phone_is_noticed_before_what_must_reach_people(
    world: World, link_phone: Callable[..., None]
) -> None:
    link_phone()
    with closing(world.line.open()) as db, db:
        db.execute("UPDATE phone SET follows = 0 WHERE user_id = ?", (PHONE,))
    world.tell()
    assert world.rows() == [("line", "unreachable"), ("mail", "accepted")]
    assert world.line.received() == []


def later(world: World, **more: float) -> None:
    with clock.frozen(clock.now() + timedelta(**more)):
        upkeep.mail_unread(world)  # type: ignore[arg-type]  # the part of Services that it needs
        drain(world)


def test_what_must_reach_people_and_nobody_opened_comes_by_mail_once(
    world: World, link_phone: Callable[..., None]
) -> None:
    link_phone()
    link_phone("Usandbox0000000000000000000000002")
    world.tell()
    later(world, hours=23)
    assert world.mail.received() == []
    later(world, hours=25)
    later(world, hours=49)
    assert world.rows() == [("line", "accepted"), ("line", "accepted"), ("mail", "accepted")]


def test_an_opened_link_on_either_phone_is_enough(world: World, link_phone: Callable[..., None]) -> None:
    link_phone()
    link_phone("Usandbox0000000000000000000000002")
    world.tell()
    second = world.line.received("Usandbox0000000000000000000000002")[0]
    token = json.dumps(second.message).split("https://mihon.example/l/")[1].split('"')[0]
    with world.database.transaction() as session:
        one_time_links.opened(session, one_time_links.find(session, token))
    later(world, hours=25)
    assert world.mail.received() == []


def test_a_result_that_line_never_took_comes_by_mail_and_a_late_reminder_does_not(
    world: World, link_phone: Callable[..., None]
) -> None:
    link_phone()
    with world.database.transaction() as session:
        for event, key in (("decided", "a"), ("booking_reminder", "b")):
            template = templates.load().template(event)
            tell(
                session, event, Recipient(world.resident_id, "見本花子", "hanako@example.jp"),
                data=template.samples[0], dedupe_key=key, channel="line",
            )  # fmt: skip
        pause_channel(session, "line", "401 token")
    drain(world)
    with clock.frozen(clock.now() + timedelta(days=11)):
        upkeep.expire_messages(world)  # type: ignore[arg-type]  # the part of Services that it needs
        drain(world)
    assert world.rows() == [("line", "expired"), ("line", "expired"), ("mail", "accepted")]


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(2026, 11, 20, 20, 59), 1),
        (datetime(2026, 11, 20, 21, 0), 0),
        (datetime(2026, 11, 21, 7, 0), 1),
    ],
)
def test_what_can_wait_is_not_leased_in_quiet_hours(at: datetime, told: int) -> None:
    with clock.frozen(at):
        open_now = quiet.awake(ALL_LANES, clock.now())
    assert ("bulk" in open_now) + ("reminder" in open_now) == told * 2
    assert {"emergency", "transactional"} <= set(open_now)
