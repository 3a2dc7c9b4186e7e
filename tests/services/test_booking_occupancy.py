from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.booking.cells import all_cell_ids
from webapp.booking.counting import Draw, draw, give_back, stock_draws
from webapp.booking.errors import Taken
from webapp.booking.models import Cell, Closure, Counter, Occupancy
from webapp.booking.occupy import Slot, free_cells, take_cells
from webapp.db import Database

NINE = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NINE + timedelta(hours=hours)


@pytest.fixture
def cells(session: Session) -> list[int]:
    rows = [Cell(facility="gym", key=key) for key in ("a", "b", "c")]
    closure = Closure(
        facility="gym", rooms=[], starts_at=at(0), ends_at=at(1), kind="work", reason="x", created_at=NINE
    )
    session.add_all([*rows, closure])
    session.flush()
    return [row.id for row in rows]


def test_a_half_refuses_the_whole_and_the_whole_leaves_nothing_behind(
    session: Session, cells: list[int]
) -> None:
    take_cells(session, "gym", [Slot(cells[1], at(0), at(3))])
    with pytest.raises(Taken) as taken:
        take_cells(session, "gym", [Slot(cell, at(2), at(4)) for cell in cells])
    assert [conflict.part for conflict in taken.value.conflicts] == ["b"]
    assert session.scalar(select(func.count()).select_from(Occupancy)) == 1


def test_ranges_are_half_open(session: Session, cells: list[int]) -> None:
    take_cells(session, "gym", [Slot(cells[0], at(0), at(3))])
    take_cells(session, "gym", [Slot(cells[0], at(3), at(4))])
    with pytest.raises(Taken):
        take_cells(session, "gym", [Slot(cells[0], at(2.99), at(3.5))])


def test_what_a_closure_gave_back_can_be_taken(session: Session, cells: list[int]) -> None:
    closure = session.scalars(select(Closure)).one()
    take_cells(session, "gym", [Slot(cells[0], at(0), at(3))], closure_id=closure.id)
    free_cells(session, closure_id=closure.id)
    take_cells(session, "gym", [Slot(cells[0], at(0), at(3))])


def test_stock_never_passes_its_capacity(session: Session) -> None:
    draw(session, stock_draws("stock:gym:ball", at(0), at(2), 2, 3))
    with pytest.raises(Taken):
        draw(session, stock_draws("stock:gym:ball", at(1), at(3), 2, 3))
    draw(session, stock_draws("stock:gym:ball", at(1), at(3), 1, 3))
    used = {row.quantum: row.used for row in session.scalars(select(Counter))}
    assert used[at(0)] == 2 and used[at(1)] == 3 and used[at(2.5)] == 1


def test_two_hundred_seats_take_twenty_after_a_hundred_and_eighty(session: Session) -> None:
    def seats(count: int) -> Draw:
        return Draw("session:aquarium", at(1), count, 200)

    draw(session, [seats(180)])
    with pytest.raises(Taken):
        draw(session, [seats(21)])
    draw(session, [seats(20)])
    give_back(session, [seats(180)])
    draw(session, [seats(150)])
    with pytest.raises(Taken):
        draw(session, [seats(150)])


def test_a_reader_learns_a_cell_once_it_is_there(database: Database) -> None:
    wanted = [("gym", "a"), ("gym", "b")]
    with database.reading() as session:
        assert all_cell_ids(session, wanted) == {}
    for key in ("a", "b"):
        with database.transaction() as session:
            session.add(Cell(facility="gym", key=key))
        with database.reading() as session:
            assert ("gym", key) in all_cell_ids(session, wanted)


def test_what_was_never_committed_is_not_remembered(database: Database) -> None:
    with database.session() as session:
        session.add(Cell(facility="gym", key="a"))
        session.flush()
        assert all_cell_ids(session, [("gym", "a")])
    with database.reading() as session:
        assert all_cell_ids(session, [("gym", "a")]) == {}
