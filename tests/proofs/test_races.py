from tests.proofs import races


def test_no_slot_is_sold_twice_in_a_small_rush(database_url: str) -> None:
    assert races.verdict(races.run(8, database_url), control=False) == []


def test_without_the_guard_the_same_rush_double_books(database_url: str) -> None:
    assert races.verdict(races.run(8, database_url, guard=False), control=True) == []
