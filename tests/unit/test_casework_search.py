from webapp.casework.search import fold, grams, wanted


def test_a_name_written_with_a_variant_kanji_is_found_by_the_common_one() -> None:
    assert wanted("高橋") <= grams("髙橋 一郎")


def test_two_kanji_are_enough() -> None:
    assert wanted("住民") <= grams("住民票の写し")


def test_a_variation_selector_does_not_hide_a_name() -> None:
    assert fold("葛\U000e0100城") == fold("葛城")


def test_katakana_and_hiragana_match() -> None:
    assert wanted("たかはし") <= grams("タカハシ イチロウ")


def test_a_telephone_number_is_found_with_or_without_hyphens() -> None:
    assert wanted("09012345678") <= grams("090-1234-5678")


def test_another_name_is_not_found() -> None:
    assert not wanted("田中") <= grams("髙橋 一郎")


def test_one_kanji_is_enough_and_one_digit_only_where_it_stands_alone() -> None:
    assert wanted("林") <= grams("小林 一郎")
    assert wanted("5") <= grams("会議室 5")
    assert not wanted("5") <= grams("090-1234-5678")
