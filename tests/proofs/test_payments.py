"""The payments proof at suite size: thirty charges, a few kills."""

from __future__ import annotations

import pytest

from tests.proofs import payments


@pytest.mark.slow
def test_every_yen_agrees_after_faults_and_kills(database_url: str) -> None:
    result = payments.run(30, database_url, kills=4)
    assert not [name for name in payments._DAMAGE if result[name]], result


@pytest.mark.slow
def test_without_idempotency_keys_the_proof_fails(database_url: str) -> None:
    result = payments.run(12, database_url, control=True, kills=0)
    assert payments.verdict(result, control=True) == [], result
