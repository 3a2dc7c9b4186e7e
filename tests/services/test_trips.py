"""PostgreSQL is asked no more often than needed, and what is sent without waiting is never lost quietly."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from webapp.booking.models import Cell, Occupancy
from webapp.db import Database, is_postgres
from webapp.trips import UNANSWERED

AT = datetime(2026, 6, 1, tzinfo=UTC)
NO_SUCH_CELL = {"cell_id": 404, "starts_at": AT, "ends_at": AT.replace(hour=3)}
Step = Callable[[Session], Any]


def begun(session: Session) -> bool:
    """Whether the server is in a transaction of this session."""
    raw: Any = session.connection().connection.driver_connection
    return bool(raw.info.transaction_status.name == "INTRANS") if is_postgres(session) else True


def write_unanswered(session: Session, **row: Any) -> None:
    session.execute(insert(Cell).values(row).inline(), execution_options=UNANSWERED)


def break_unanswered(session: Session) -> None:
    session.execute(insert(Occupancy).values(NO_SUCH_CELL).inline(), execution_options=UNANSWERED)


@pytest.mark.parametrize(
    "step",
    [
        lambda session: session.execute(select(Cell).with_for_update()),
        lambda session: session.execute(update(Cell).values(key="b")),
        lambda session: session.execute(insert(Cell).values(facility="gym", key="a")),
        lambda session: session.execute(text("SELECT 1")),
        lambda session: session.begin_nested(),
        lambda session: write_unanswered(session, facility="gym", key="a"),
    ],
    ids=["lock", "update", "insert", "text", "savepoint", "unanswered"],
)
def test_a_transaction_begins_where_it_is_needed(database: Database, step: Step) -> None:
    with database.transaction() as session:
        session.execute(select(Cell))
        if is_postgres(session):
            assert not begun(session)
        step(session)
        if is_postgres(session):
            session.execute(select(Cell))  # what was sent without waiting has arrived
            assert begun(session)


def test_what_a_look_found_before_the_first_write_is_rolled_back_with_it(database: Database) -> None:
    class Stop(Exception):
        pass

    with pytest.raises(Stop), database.transaction() as session:
        assert session.scalars(select(Cell)).all() == []
        session.add(Cell(facility="gym", key="a"))
        session.flush()
        raise Stop
    with database.reading() as session:
        assert session.scalars(select(Cell)).all() == []


def test_the_next_transaction_of_a_connection_begins_late_again(database: Database) -> None:
    for key in ("a", "b"):
        with database.transaction() as session:
            session.execute(select(Cell))
            if is_postgres(session):
                assert not begun(session)
            session.add(Cell(facility="gym", key=key))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Cell)) == 2


def test_what_is_sent_without_waiting_is_seen_by_the_next_question(database: Database) -> None:
    with database.transaction() as session:
        write_unanswered(session, facility="gym", key="a")
        write_unanswered(session, facility="gym", key="b")
        assert set(session.scalars(select(Cell.key))) == {"a", "b"}
        write_unanswered(session, facility="gym", key="c")
    with database.reading() as session:
        assert set(session.scalars(select(Cell.key))) == {"a", "b", "c"}


def test_an_unanswered_failure_stops_the_commit(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction() as session:
        write_unanswered(session, facility="gym", key="a")
        break_unanswered(session)
        write_unanswered(session, facility="gym", key="b")
    with database.transaction() as session:
        assert session.scalars(select(Cell)).all() == []
        session.add(Cell(facility="gym", key="c"))  # the connection is sound
    with database.reading() as session:
        assert session.scalars(select(Cell.key)).all() == ["c"]


def test_an_unanswered_failure_stops_the_next_question(database: Database) -> None:
    asked = []
    with pytest.raises(IntegrityError), database.transaction() as session:
        break_unanswered(session)
        asked.append(session.scalars(select(Cell)).all())
    assert asked == []


def test_a_failure_of_the_caller_is_told_and_not_the_unanswered_one(database: Database) -> None:
    class Stop(Exception):
        pass

    with pytest.raises((Stop, IntegrityError)) as caught, database.transaction() as session:
        write_unanswered(session, facility="gym", key="a")
        break_unanswered(session)
        raise Stop
    with database.transaction() as session:
        if is_postgres(session):
            assert caught.type is Stop
        assert session.scalars(select(Cell)).all() == []


def test_a_savepoint_undoes_what_was_sent_without_waiting(database: Database) -> None:
    with database.transaction() as session:
        write_unanswered(session, facility="gym", key="a")
        with session.begin_nested() as point:
            write_unanswered(session, facility="gym", key="b")
            point.rollback()
        write_unanswered(session, facility="gym", key="c")
    with database.reading() as session:
        assert set(session.scalars(select(Cell.key))) == {"a", "c"}


def test_a_statement_that_returns_rows_cannot_go_unanswered(database: Database) -> None:
    with database.transaction() as session:
        if not is_postgres(session):
            return
        with pytest.raises(TypeError, match="returns rows"):
            session.execute(
                insert(Cell).values(facility="gym", key="a").returning(Cell.id), execution_options=UNANSWERED
            )


def test_a_connection_that_dies_under_an_unanswered_statement_is_replaced(database: Database) -> None:
    other = Database(database.url)
    with pytest.raises(OperationalError), database.transaction() as session:
        if not is_postgres(session):
            raise OperationalError(None, None, Exception("only a server can die"))
        mine = session.scalar(text("SELECT pg_backend_pid()"))
        write_unanswered(session, facility="gym", key="a")
        with other.transaction() as killer:
            killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
    other.dispose()
    with database.transaction() as session:
        assert session.scalars(select(Cell)).all() == []
