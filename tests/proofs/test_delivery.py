"""The delivery proof at suite size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import TEST_KEYS
from tests.proofs import delivery
from tests.proofs.delivery_worker import KEYS
from webapp import db

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _same_keys_as_the_workers() -> Iterator[None]:
    db.use_keys(KEYS)
    yield
    db.use_keys(TEST_KEYS)


def test_killed_workers_and_faulty_answers_lose_and_repeat_nothing(database_url: str) -> None:
    result = delivery.prove(database_url, control=False, messages=120, kills=4)
    assert delivery.verdict(result, control=False) == [], result


def test_without_the_retry_key_the_same_run_repeats_messages(database_url: str) -> None:
    result = delivery.prove(database_url, control=True, messages=60, kills=1)
    assert delivery.verdict(result, control=True) == [], result
