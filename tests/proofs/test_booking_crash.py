from tests.proofs import booking_crash


def test_kills_in_the_middle_lose_no_slot_and_sell_none_twice(database_url: str) -> None:
    assert booking_crash.verdict(booking_crash.run(6, database_url), control=False) == []
