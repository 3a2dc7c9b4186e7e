from webapp.casework import reference


def test_a_reference_has_ten_digits_in_three_groups() -> None:
    shown = reference.new_reference(2026)
    assert len(shown) == 12 and shown[2] == "-" and shown[7] == "-"
    assert sum(c.isdigit() for c in shown) == 10
    assert shown.startswith("26-")


def test_a_typed_reference_may_be_full_width_with_any_hyphen() -> None:
    shown = reference.new_reference(2026)
    wide = shown.translate(str.maketrans("0123456789-", "０１２３４５６７８９ー"))
    assert reference.tidy_reference(f" {wide} ") == shown


def test_every_single_wrong_digit_is_noticed() -> None:
    digits = reference.new_reference(2026).replace("-", "")
    for place, old in enumerate(digits):
        for new in "0123456789":
            if new != old:
                assert reference.tidy_reference(digits[:place] + new + digits[place + 1 :]) is None


def test_every_swap_of_neighbours_is_noticed() -> None:
    digits = reference.new_reference(2026).replace("-", "")
    for place in range(9):
        swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
        assert (reference.tidy_reference(swapped) is None) == (swapped != digits)


def test_a_number_of_twelve_digits_is_never_a_reference() -> None:
    assert reference.tidy_reference("123456789018") is None


def test_capitals_widths_and_hyphens_of_a_password_do_not_matter() -> None:
    assert reference.tidy_password("Ｋ７ＭＰ２wx9") == "k7mp-2wx9"
