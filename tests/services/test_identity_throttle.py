"""Limits count in the database and forgive with time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from webapp import clock
from webapp.errors import TooMany
from webapp.identity import sessions, throttle
from webapp.identity.sessions import Holder


def test_the_attempt_after_the_last_is_refused_with_the_time_to_wait(session: Session) -> None:
    for _ in range(throttle.LIMITS["lookup.reference"].attempts):
        throttle.count(session, "lookup.reference", "26-4839-1572")
    with pytest.raises(TooMany) as refused:
        throttle.count(session, "lookup.reference", "26-4839-1572")
    assert 0 < refused.value.retry_after <= 3600


def test_another_subject_is_counted_by_itself(session: Session) -> None:
    for _ in range(throttle.LIMITS["lookup.reference"].attempts):
        throttle.count(session, "lookup.reference", "a")
    assert throttle.count(session, "lookup.reference", "b") == 1


def test_a_new_window_begins_after_the_old_one(session: Session) -> None:
    throttle.count(session, "lookup.reference", "a")
    with clock.frozen(clock.now() + timedelta(hours=1, seconds=1)):
        assert throttle.count(session, "lookup.reference", "a") == 1


def test_a_success_forgets_the_failures(session: Session) -> None:
    throttle.count(session, "lookup.reference", "a")
    throttle.clear(session, "lookup.reference", "a")
    assert throttle.count(session, "lookup.reference", "a") == 1


def test_old_counters_and_sessions_are_purged(session: Session) -> None:
    throttle.count(session, "lookup.reference", "a")
    sessions.create(session, "resident", {}, Holder())
    with clock.frozen(clock.now() + timedelta(days=3)):
        assert throttle.purge(session) == 1
        assert sessions.purge(session) == 1


def test_two_tabs_do_not_undo_each_other(session: Session) -> None:
    _, token = sessions.create(session, "resident", {"a": 1, "gone": 1}, Holder())
    sessions.merge(session, token, {"own:draft:one": 1}, set())
    sessions.merge(session, token, {"own:draft:two": 1}, {"gone"})
    found = sessions.find(session, token, "resident")
    assert found
    assert found.data == {"a": 1, "own:draft:one": 1, "own:draft:two": 1}
