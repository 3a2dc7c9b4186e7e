"""How answers are shown: what was sent is never a reason for an error page."""

from __future__ import annotations

import pytest

from webapp.form_engine.present import _year_text


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2024", "令和6年度"),
        ("2019", "令和元年度"),
        ("0", "0"),
        ("²", "²"),
        ("9" * 9, "9" * 9),
        ("平成", "平成"),
    ],
)
def test_a_year_that_is_not_offered_is_shown_as_well_as_it_can_be(sent: str, shown: str) -> None:
    assert _year_text(sent) == shown
