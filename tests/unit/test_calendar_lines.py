"""Lines of a calendar file: at most 75 octets each, and the same text when they are put together again."""

import pytest

from webapp.booking.opendata import FOLD_OCTETS, folded


@pytest.mark.parametrize("text", ["", "BEGIN:VEVENT", "X-WR-CALNAME:" + "みほん市民会館" * 20, "a" * 200])
def test_long_lines_are_folded_between_letters(text: str) -> None:
    lines = folded(text).split("\r\n")
    assert all(len(line.encode()) <= FOLD_OCTETS for line in lines)
    assert lines[0] + "".join(line.removeprefix(" ") for line in lines[1:]) == text
    assert len(lines) == 1 or len(text.encode()) > FOLD_OCTETS
