import pytest
from sqlalchemy import insert, select, text

from webapp import db
from webapp.booking.models import Cell
from webapp.db import Database, WriteWhileReading, is_postgres


def test_a_connection_that_died_while_it_rested_is_replaced(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "MAY_REST_S", 0.0)
    with database.transaction() as session:
        mine = session.scalar(text("SELECT pg_backend_pid()")) if is_postgres(session) else None
    other = Database(database.url)
    with other.transaction() as session:
        if mine is not None:
            session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
    other.dispose()
    with database.transaction() as session:
        assert session.scalar(text("SELECT 1")) == 1


def test_a_session_that_reads_refuses_to_write(database: Database) -> None:
    with database.reading() as session, pytest.raises(WriteWhileReading):
        session.execute(insert(Cell).values(facility="gym", key="a"))
    with database.reading() as session, pytest.raises(WriteWhileReading):
        session.add(Cell(facility="gym", key="a"))
        session.flush()
    with database.reading() as session:
        assert session.scalars(select(Cell)).all() == []
