"""What people type becomes what is stored; names never change."""

import pytest

from webapp.form_engine import normalise


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("０９０－１２３４－５６７８", "09012345678"),
        ("(0773) 62-2300", "0773622300"),
        ("+81 90 1234 5678", "09012345678"),
        ("#9110", None),
        ("電話なし", None),
    ],
)
def test_telephone_numbers_become_digits(typed: str, stored: str | None) -> None:
    assert normalise.tel(typed) == stored


@pytest.mark.parametrize(("typed", "stored"), [("〒600－0001", "6000001"), ("６００ー０００１", "6000001")])
def test_postal_codes_become_seven_digits(typed: str, stored: str) -> None:
    assert normalise.postal(typed) == stored


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("やまだ はなこ", "ヤマダ　ハナコ"),
        ("ﾔﾏﾀﾞ ﾊﾅｺ", "ヤマダ　ハナコ"),
        ("キャキヤ", "キャキヤ"),
        ("サ-ビス", "サービス"),
    ],
)
def test_kana_become_full_width_katakana_and_small_letters_stay_small(typed: str, stored: str) -> None:
    assert normalise.katakana(typed) == stored


@pytest.mark.parametrize(
    ("boxes", "day"),
    [
        (("2026", "4", "1"), "2026-04-01"),
        (("R8", "4", "1"), "2026-04-01"),
        (("令和８", "４", "１"), "2026-04-01"),
        (("昭和元", "12", "26"), "1926-12-26"),
        (("平成31", "4", "30"), "2019-04-30"),
        (("2026", "2", "29"), None),
        (("昭和65", "1", "1"), None),
        (("来年", "1", "1"), None),
    ],
)
def test_three_boxes_become_a_day(boxes: tuple[str, str, str], day: str | None) -> None:
    assert normalise.day(*boxes) == day


@pytest.mark.parametrize(
    ("typed", "time"), [("9時30分", "09:30"), ("９：３０", "09:30"), ("0930", "09:30"), ("25:00", None)]
)
def test_times_are_read_in_many_forms(typed: str, time: str | None) -> None:
    assert normalise.clock(typed) == time


@pytest.mark.parametrize("name", ["髙﨑𠮷郎", "渡邉󠄂", "葛\U000e0100", "㈱見本", "①号", "ﾔﾏﾀﾞ"])
def test_free_text_stays_exactly_as_typed(name: str) -> None:
    assert normalise.free_text(name) == name


def test_control_and_bidi_characters_go() -> None:
    assert normalise.free_text("見\u202e本\x00\ud800太\u200f郎") == "見本太郎"


COUNTED = [
    ("髙﨑𠮷", 3),
    ("葛\U000e0100", 1),
    ("か\u3099", 1),
    ("👨‍👩‍👧", 1),
    ("", 0),
]


@pytest.mark.parametrize(("text", "count"), COUNTED)
def test_length_is_counted_as_people_count(text: str, count: int) -> None:
    assert normalise.graphemes(text) == count
