"""Notices: garbage on the evening before, broadcasts by staff with a second person, signed triggers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.fakes.counter import sign_in
from tests.fakes.line_world import OTHER, PHONE, LineWorld, line_world
from webapp import clock
from webapp.audit import Actor
from webapp.errors import IllegalStep, InvalidInput
from webapp.jobs import notices as jobs
from webapp.messaging import broadcasts
from webapp.messaging.broadcasts import Draft
from webapp.messaging.topic_models import Broadcast
from webapp.messaging.topics import Choice, Owner, audience, choose
from webapp.outbox.models import OutboxMessage
from webapp.ports.line import Quota
from webapp.yaml_source import Text

AUTHOR, SECOND = Actor("staff", "1", "広報"), Actor("staff", "2", "課長")
SUNDAY_EVENING = datetime(2026, 11, 22, 18, 5)


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[LineWorld]:
    made = line_world(database_url, tmp_path)
    yield made
    made.services.database.dispose()


def staff(world: LineWorld) -> None:
    from webapp.identity.models import Staff

    with world.services.database.transaction() as session:
        for number, name in ((1, "広報"), (2, "課長")):
            session.add(
                Staff(
                    id=number,
                    login=f"s{number}",
                    name=name,
                    department="pr",
                    roles=[],
                    created_at=clock.now(),
                )
            )


def water(world: LineWorld, **changes: object) -> int:
    draft = Draft("water", Text(ja="断水のお知らせ"), Text(ja="工事のため断水します。"), areas=("honmachi",))
    with world.services.database.transaction() as session:
        row = broadcasts.save(session, replace(draft, **changes), world.services.city, AUTHOR)  # type: ignore[arg-type]
        broadcasts.ask(session, row, AUTHOR, line_on=True)
        broadcasts.approve(session, row, SECOND, row.counted)
        return row.id


def test_garbage_is_told_on_the_evening_before_to_that_area_only(world: LineWorld) -> None:
    world.tap("topic=garbage&area=honmachi")
    world.tap("topic=garbage&area=asahi", user=OTHER)
    with clock.frozen(datetime(2026, 11, 22, 17, 0)):
        assert jobs.tell_garbage(world.services) == "not yet"
    with clock.frozen(SUNDAY_EVENING):
        assert jobs.tell_garbage(world.services) == "1 people"
        assert jobs.tell_garbage(world.services) == "1 people"
        world.work()
    assert world.words().count("あしたは「燃やすごみ」の日です") == 2  # words and their alternative text
    assert "届いた理由" in world.words()
    assert "燃やすごみ" not in world.words(OTHER)


def test_a_garbage_notice_that_could_not_go_out_expires_in_the_morning(world: LineWorld) -> None:
    world.tap("topic=garbage&area=honmachi")
    with clock.frozen(SUNDAY_EVENING):
        jobs.tell_garbage(world.services)
    with clock.frozen(datetime(2026, 11, 23, 9, 0)):
        world.work()
    with world.services.database.reading() as session:
        statuses = session.scalars(
            select(OutboxMessage.status).where(OutboxMessage.kind == "notice_line")
        ).all()
    assert statuses == ["expired"]


def test_a_resident_without_line_gets_it_by_mail(world: LineWorld) -> None:
    client = world.app.test_client()
    resident_id = sign_in(world.app, client, email="hanako@example.jp")
    with world.services.database.transaction() as session:
        choose(session, Owner(resident_id=resident_id), [Choice("garbage", "honmachi")], world.services.city)
    with clock.frozen(SUNDAY_EVENING):
        jobs.tell_garbage(world.services)
        world.work()
    (mail,) = world.mail.received()
    assert "燃やすごみ" in mail.subject
    assert "/topics" in mail.body


def test_nobody_is_counted_twice_for_several_areas(world: LineWorld) -> None:
    for area in ("honmachi", "chuo", "asahi"):
        world.tap(f"topic=water&area={area}")
    with world.services.database.reading() as session:
        assert len(audience(session, "water", areas=["honmachi", "chuo", "asahi"])) == 1


def test_an_audience_by_birth_month(world: LineWorld) -> None:
    world.tap("topic=children&year=2024&month=5")
    world.tap("topic=children&year=2022&month=1", user=OTHER)
    with world.services.database.reading() as session:
        people = audience(session, "children", born_from="2024-04", born_to="2025-03")
    assert [person.user_id for person in people] == [PHONE]


def test_the_author_cannot_approve_and_the_count_must_be_typed(world: LineWorld) -> None:
    staff(world)
    world.tap("topic=water&area=honmachi")
    draft = Draft("water", Text(ja="断水"), Text(ja="断水します。"))
    with world.services.database.transaction() as session:
        row = broadcasts.save(session, draft, world.services.city, AUTHOR)
        assert broadcasts.ask(session, row, AUTHOR, line_on=True) == 1
        with pytest.raises(IllegalStep):
            broadcasts.approve(session, row, AUTHOR, 1)
        with pytest.raises(InvalidInput):
            broadcasts.approve(session, row, SECOND, 99)
        broadcasts.approve(session, row, SECOND, 1)
        with pytest.raises(IllegalStep):
            broadcasts.save(session, draft, world.services.city, AUTHOR, row)


def test_an_approved_notice_goes_out_once_and_waits_through_the_night(world: LineWorld) -> None:
    staff(world)
    world.tap("topic=water&area=honmachi")
    with clock.frozen(datetime(2026, 11, 22, 22, 0)):
        water(world)
        assert jobs.send_due(world.services) == "0 started, 0 done"
    with clock.frozen(datetime(2026, 11, 23, 7, 1)):
        jobs.send_due(world.services)
        jobs.send_due(world.services)
        world.work()
        jobs.send_due(world.services)
    assert world.words().count("工事のため断水します。") == 2
    with world.services.database.reading() as session:
        assert session.scalars(select(Broadcast.status)).one() == "done"


def test_a_cancelled_notice_takes_back_what_was_not_sent(world: LineWorld) -> None:
    staff(world)
    world.tap("topic=water&area=honmachi")
    with clock.frozen(datetime(2026, 11, 23, 10, 0)):
        number = water(world)
        jobs.send_due(world.services)
        with world.services.database.transaction() as session:
            assert broadcasts.cancel(session, broadcasts.find(session, number), AUTHOR) == 1
        world.work()
    assert "断水します" not in world.words()


def test_a_blast_larger_than_the_quota_is_refused_before_the_first_message(world: LineWorld) -> None:
    staff(world)
    world.tap("topic=water&area=honmachi")
    world.line.quota = lambda: Quota(100, 95)  # type: ignore[method-assign]
    with clock.frozen(datetime(2026, 11, 23, 10, 0)):
        water(world)
        jobs.send_due(world.services)
    with world.services.database.reading() as session:
        row = session.scalars(select(Broadcast)).one()
    assert row.status == "draft"
    assert "足りません" in row.note


def test_words_that_line_refuses_go_back_to_their_author(world: LineWorld) -> None:
    staff(world)
    world.tap("topic=water&area=honmachi")
    world.line.validate = lambda messages: ["400 May not be empty"]  # type: ignore[method-assign]
    with clock.frozen(datetime(2026, 11, 23, 10, 0)):
        water(world)
        jobs.send_due(world.services)
        world.work()
    with world.services.database.reading() as session:
        row = session.scalars(select(Broadcast)).one()
    assert (row.status, "受け付けません" in row.note) == ("draft", True)
    assert "断水します" not in world.words()


def test_an_emergency_is_not_kept_back_for_its_number(world: LineWorld) -> None:
    staff(world)
    world.tap("topic=disaster&area=honmachi")
    world.line.quota = lambda: Quota(100, 100)  # type: ignore[method-assign]
    words = Text(ja="すぐに避難してください。", easy="にげて ください。", en="Leave now.")
    draft = Draft("disaster", words, words, lane="emergency")
    with clock.frozen(datetime(2026, 11, 23, 2, 0)):
        with world.services.database.transaction() as session:
            row = broadcasts.save(session, draft, world.services.city, AUTHOR)
            broadcasts.approve(session, row, SECOND, broadcasts.ask(session, row, AUTHOR, line_on=True))
        jobs.send_due(world.services)
        world.work()
    assert "すぐに避難してください" in world.words()
