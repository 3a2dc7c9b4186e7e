"""The payments proof at suite size: thirty charges, a few kills."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import TEST_KEYS
from tests.proofs import payments
from tests.proofs.payments_web import KEYS
from webapp import db

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _same_keys_as_the_processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(payments, "PATIENCE", 15.0)
    monkeypatch.setattr(payments, "LONGEST", 60.0)
    db.use_keys(KEYS)
    yield
    db.use_keys(TEST_KEYS)


def test_every_yen_agrees_after_faults_and_kills(database_url: str) -> None:
    result = payments.run(30, database_url, kills=6)
    assert payments.verdict(result, control=False) == [], result


def test_without_idempotency_keys_the_proof_fails(database_url: str) -> None:
    result = payments.run(12, database_url, control=True, kills=0)
    assert payments.verdict(result, control=True) == [], result
