"""A new booking and its slots are written together, or nothing is."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webapp.booking.book import book
from webapp.booking.errors import Taken
from webapp.booking.models import Booking, Cell, Occupancy
from webapp.booking.occupy import Slot, conflicts_of, take_cells
from webapp.db import is_postgres
from webapp.trips import Question, look

NINE = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
WHEN = (NINE, NINE + timedelta(hours=3))


@pytest.fixture
def cells(session: Session) -> list[int]:
    rows = [Cell(facility="gym", key=key) for key in ("a", "b", "c")]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def booking(token: str = "t", **more: Any) -> Booking:
    said: dict[str, Any] = {
        "token": token, "basket": token, "facility": "gym", "room": "a", "use_on": date(2026, 6, 1),
        "starts_at": WHEN[0], "ends_at": WHEN[1], "bands": ["am"], "state": "held", "channel": "web",
        "persons": 3, "extras": {}, "facts": {}, "created_at": NINE, "expires_at": NINE,
    }  # fmt: skip
    return Booking(**said | more)


def count(session: Session, table: Any) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_what_memory_holds_is_what_was_written(session: Session, cells: list[int]) -> None:
    new = booking()
    book(session, new, [Slot(cell, *WHEN) for cell in cells])
    kept = {column.key: getattr(new, column.key) for column in Booking.__table__.c}
    session.expire(new)
    assert {column.key: getattr(new, column.key) for column in Booking.__table__.c} == kept
    assert set(session.scalars(select(Occupancy.booking_id))) == {new.id}
    assert count(session, Occupancy) == 3


def test_a_part_that_is_taken_leaves_nothing_behind_and_keeps_the_rest(
    session: Session, cells: list[int]
) -> None:
    book(session, booking("first"), [Slot(cells[1], *WHEN)])
    point = session.begin_nested()
    with pytest.raises(Taken) as taken:
        book(session, booking("second"), [Slot(cell, *WHEN) for cell in cells])
    if is_postgres(session):  # on SQLite the caller's savepoint takes the booking back
        assert list(session.scalars(select(Booking.token))) == ["first"]
    point.rollback()
    assert [conflict.part for conflict in taken.value.conflicts] == ["b"]
    assert list(session.scalars(select(Booking.token))) == ["first"]
    assert count(session, Occupancy) == 1
    book(session, booking("third"), [Slot(cells[0], *WHEN)])
    assert count(session, Occupancy) == 2


def test_whoever_finds_all_taken_has_written_nothing(session: Session, cells: list[int]) -> None:
    take_cells(session, "gym", [Slot(cells[0], *WHEN)])
    point = session.begin_nested()
    with pytest.raises(Taken):
        book(session, booking(), [Slot(cells[0], *WHEN)])
    if is_postgres(session):
        assert count(session, Booking) == 0
    point.rollback()
    assert count(session, Booking) == 0


def test_a_booking_of_seats_takes_no_cells(session: Session, cells: list[int]) -> None:
    book(session, booking(), [])
    assert (count(session, Booking), count(session, Occupancy)) == (1, 0)


def test_nothing_that_a_new_booking_says_is_dropped(session: Session, cells: list[int]) -> None:
    new = booking(title="踊りの会")
    if is_postgres(session):
        with pytest.raises(ValueError, match="title"):
            book(session, new, [Slot(cells[0], *WHEN)])
        return
    book(session, new, [Slot(cells[0], *WHEN)])
    session.expire(new)
    assert new.title == "踊りの会"


def test_a_look_past_the_layers_sees_what_the_session_wrote_and_fails_as_the_layers_do(
    session: Session, cells: list[int]
) -> None:
    if not is_postgres(session):
        assert conflicts_of(session, [Slot(cells[0], *WHEN)]) == []
        return
    session.add(Cell(facility="gym", key="d"))
    assert ("d",) in look(session, Question(select(Cell.key)), {})
    with pytest.raises(DBAPIError):
        look(session, Question(select(text("nothing"))), {})
