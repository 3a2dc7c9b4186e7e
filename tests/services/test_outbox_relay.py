"""The outbox on both databases: lanes, leases, retries, horizons, exactly one row per dedupe key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.fakes.outbox import wish
from webapp import clock
from webapp.db import Database
from webapp.jobs.relay import deliver_due, drain
from webapp.outbox import relay
from webapp.outbox.enqueue import enqueue
from webapp.outbox.models import OutboxMessage
from webapp.outbox.outcomes import Frozen, Outcome, Sending, Undeliverable

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@dataclass
class Saying:
    """A handler that answers as told and remembers what it sent."""

    answers: list[Outcome] = field(default_factory=list)
    channel: str = "line"
    sent: list[Sending] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    undeliverable: bool = False
    broken: bool = False

    def freeze(self, session: Session, message: OutboxMessage) -> Frozen | Undeliverable:
        if self.broken:
            raise ValueError("template")
        if self.undeliverable:
            return Undeliverable("no_address")
        return Frozen(self.channel, f"body {message.payload['n']}".encode(), "t@1")

    def send(self, sending: Sending) -> Outcome:
        self.sent.append(sending)
        return self.answers.pop(0) if self.answers else Outcome("accepted", provider_ref="ref")

    def after(self, session: Session, message: OutboxMessage) -> None:
        self.settled.append(message.status)


@dataclass
class Services:
    database: Database
    outbox_handlers: dict[str, Any]


@pytest.fixture
def saying() -> Saying:
    return Saying()


@pytest.fixture
def services(database: Database, saying: Saying) -> Services:
    return Services(database, {"say": saying})


@pytest.fixture
def put(database: Database) -> Callable[..., int]:
    def _put(n: int = 1, lane: Any = "transactional", **more: Any) -> int:
        with database.transaction() as session:
            enqueue(session, "say", {"n": n}, lane=lane, dedupe_key=f"k{n}", **more)
            return wish(session, f"k{n}").id

    return _put


def row(database: Database, message_id: int) -> OutboxMessage:
    with database.reading() as session:
        return session.get_one(OutboxMessage, message_id)


def test_the_same_dedupe_key_twice_is_one_row(database: Database, put: Callable[..., int]) -> None:
    assert put(1) == put(1)
    with database.reading() as session:
        assert len(session.scalars(select(OutboxMessage)).all()) == 1


def test_a_rolled_back_event_leaves_no_message(database: Database) -> None:
    class Stop(Exception):
        pass

    with pytest.raises(Stop), database.transaction() as session:
        enqueue(session, "say", {"n": 1}, lane="bulk", dedupe_key="x")
        raise Stop
    with database.reading() as session:
        assert session.scalars(select(OutboxMessage)).all() == []


def test_lanes_go_in_their_order(services: Services, saying: Saying, put: Callable[..., int]) -> None:
    for n, lane in enumerate(("bulk", "reminder", "transactional", "emergency")):
        put(n, lane)
    drain(services)
    assert [s.body for s in saying.sent] == [b"body 3", b"body 2", b"body 1", b"body 0"]


def test_a_retry_sends_the_same_bytes_with_the_same_key(
    services: Services, saying: Saying, put: Callable[..., int], database: Database
) -> None:
    message_id = put(1)
    saying.answers = [Outcome("retry", "500", retry_after=0), Outcome("retry", "timeout", retry_after=0)]
    drain(services)
    assert len(saying.sent) == 3
    assert len({(s.body, s.retry_key) for s in saying.sent}) == 1
    assert row(database, message_id).status == "accepted"
    assert row(database, message_id).attempts == 3


def test_a_throttled_try_is_not_an_attempt(
    services: Services, saying: Saying, put: Callable[..., int], database: Database
) -> None:
    message_id = put(1)
    saying.answers = [Outcome("throttled", "429", retry_after=0)]
    drain(services)
    assert row(database, message_id).attempts == 1


def test_a_leased_row_is_not_given_to_another_worker(database: Database, put: Callable[..., int]) -> None:
    put(1)
    with database.transaction() as session:
        assert len(relay.lease_next(session, "a", limit=5)) == 1
    with database.transaction() as session:
        assert relay.lease_next(session, "b", limit=5) == []


def test_the_row_of_a_dead_worker_comes_back_with_the_same_key(
    services: Services, saying: Saying, put: Callable[..., int], database: Database
) -> None:
    with clock.frozen(NOON):
        message_id = put(1)
        with database.transaction() as session:
            relay.lease_next(session, "dead", limit=1)
        with database.transaction() as session:
            first = relay.begin(session, message_id, "dead", saying)
        assert drain(services) == 0
    with clock.frozen(NOON + timedelta(minutes=2)):
        assert drain(services) == 1
    assert first is not None
    assert saying.sent[0].retry_key == first.retry_key
    assert row(database, message_id).status == "accepted"


def test_a_late_answer_of_a_worker_that_lost_its_lease_changes_nothing(
    services: Services, saying: Saying, put: Callable[..., int], database: Database
) -> None:
    with clock.frozen(NOON):
        message_id = put(1)
        with database.transaction() as session:
            relay.lease_next(session, "slow", limit=1)
    with clock.frozen(NOON + timedelta(minutes=2)):
        drain(services)
        with database.transaction() as session:
            assert relay.settle(session, message_id, "slow", Outcome("rejected"), saying) == "lost"
    assert row(database, message_id).status == "accepted"


def test_after_23_hours_nobody_tries_again_and_staff_decide(
    services: Services, saying: Saying, put: Callable[..., int], database: Database
) -> None:
    saying.answers = [Outcome("retry", "500", retry_after=60)] * 3
    with clock.frozen(NOON):
        message_id = put(1)
        drain(services)
    with clock.frozen(NOON + timedelta(hours=23, minutes=1)):
        drain(services)
    assert row(database, message_id).status == "unknown"
    assert len(saying.sent) == 1


def test_a_late_reminder_expires_instead_of_arriving(
    services: Services, saying: Saying, put: Callable[..., int], database: Database
) -> None:
    with clock.frozen(NOON):
        message_id = put(1, "reminder", not_after=NOON + timedelta(hours=3))
    with clock.frozen(NOON + timedelta(hours=4)):
        drain(services)
    assert row(database, message_id).status == "expired"
    assert saying.sent == []
    assert saying.settled == ["expired"]


def test_a_message_waits_for_its_time(services: Services, saying: Saying, put: Callable[..., int]) -> None:
    with clock.frozen(NOON):
        put(1, not_before=NOON + timedelta(hours=1))
        assert drain(services) == 0
    with clock.frozen(NOON + timedelta(hours=1)):
        assert drain(services) == 1


def test_mail_that_may_have_arrived_is_tried_once_more_and_then_shown_to_staff(
    services: Services, saying: Saying, put: Callable[..., int], database: Database
) -> None:
    saying.channel = "mail"
    saying.answers = [Outcome("unsure", retry_after=0)] * 5
    message_id = put(1)
    drain(services)
    assert len(saying.sent) == 2
    assert row(database, message_id).status == "unknown"


def test_a_paused_channel_keeps_its_rows_until_it_resumes(
    services: Services, saying: Saying, put: Callable[..., int], database: Database
) -> None:
    saying.answers = [Outcome("paused", "401", retry_after=0)]
    message_id = put(1)
    drain(services)
    assert row(database, message_id).status == "queued"
    with database.transaction() as session:
        relay.resume_channel(session, "line")
    drain(services)
    assert row(database, message_id).status == "accepted"


def test_nobody_to_reach_is_shown_as_unreachable(
    services: Services, saying: Saying, put: Callable[..., int], database: Database
) -> None:
    saying.undeliverable = True
    message_id = put(1)
    drain(services)
    assert row(database, message_id).status == "unreachable"


def test_a_broken_template_does_not_stop_the_others(
    services: Services, saying: Saying, put: Callable[..., int], database: Database
) -> None:
    broken = Saying(broken=True)
    services.outbox_handlers["bad"] = broken
    with database.transaction() as session:
        enqueue(session, "bad", {"n": 0}, lane="emergency", dedupe_key="bad")
        bad = wish(session, "bad").id
    good = put(1)
    assert deliver_due(services, "w") == 2
    assert row(database, good).status == "accepted"
    assert row(database, bad).status == "queued"


def test_what_waits_is_superseded_by_something_newer_until_it_was_tried(
    services: Services, saying: Saying, put: Callable[..., int], database: Database
) -> None:
    with clock.frozen(NOON):
        waiting, other = put(1), put(2)
        with database.transaction() as session:
            assert relay.supersede(session, "k1") == 1
        saying.answers = [Outcome("retry", "500", retry_after=60)]
        drain(services)
        with database.transaction() as session:
            assert relay.supersede(session, "k") == 0
    assert row(database, waiting).status == "superseded"
    assert row(database, other).status == "queued"
    assert [sending.id for sending in saying.sent] == [other]
