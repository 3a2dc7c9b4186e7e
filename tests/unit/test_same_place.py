"""Two ways to write one address."""

from __future__ import annotations

import pytest

from webapp.identity.residency import same_place


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("見本県みほん市中央一丁目2番3号", "見本県みほん市中央1-2-3", True),
        ("見本県みほん市中央一丁目2番3号", "見本県みほん市中央１丁目２−３", True),
        ("中央十二丁目3番地", "中央12-3", True),
        ("中央二十丁目3番地", "中央20-3", True),
        ("中央1番地の2", "中央1-2", True),
        ("港町三丁目10番11-1205号 ハイツ東館", "港町3-10-11-1205", True),
        ("大字山里100番地", "大字山里100", True),
        ("千代田区一番町1番地", "千代田区一番町1", True),
        ("中央一丁目2番3号", "中央1-2-4", False),
        ("中央一丁目2番3号", "中央1-2-30", False),
        ("中央一丁目2番3号", "本町1-2-3", False),
        ("", "中央1-2-3", False),
    ],
)
def test_the_same_place_however_it_is_written(one: str, other: str, same: bool) -> None:
    assert same_place(one, other) is same
    assert same_place(other, one) is same
