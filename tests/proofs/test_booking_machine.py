import pytest

from tests.proofs import booking_machine
from webapp.db import Database, is_postgres


def test_no_order_of_steps_breaks_what_must_hold(database: Database) -> None:
    with database.transaction() as session:
        examples = 4 if is_postgres(session) else 12
    booking_machine.explore(database, examples=examples)


def test_without_the_guard_the_machine_finds_a_double_booking(database: Database) -> None:
    with booking_machine.unguarded(database), pytest.raises(AssertionError, match="a cell is taken twice"):
        booking_machine.explore(database, examples=40, shorten=False)
