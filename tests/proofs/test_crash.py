"""The crash proof at the size of the suite."""

from __future__ import annotations

import pytest

from tests.proofs import crash


@pytest.mark.slow
@pytest.mark.both
def test_killing_web_and_worker_loses_no_application_and_no_message(database_url: str) -> None:
    result = crash.run(20, database_url)
    assert crash.verdict(result, control=False) == [], result
