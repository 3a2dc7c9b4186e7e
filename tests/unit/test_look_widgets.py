"""What a macro learns about a field."""

from __future__ import annotations

from webapp.web.widgets import FieldView, dom_id


def view(**more: object) -> FieldView:
    given: dict[str, object] = {"path": "a", "id": "f-a", "name": "a", "type": "text", "label": "A", **more}
    return FieldView(**given)  # type: ignore[arg-type]


def test_an_id_of_a_row_is_safe_in_a_selector() -> None:
    assert dom_id("children[r3].name") == "f-children-r3-name"


def test_a_stored_day_comes_apart_into_boxes() -> None:
    birth = view(type="date", value="1988-04-12")
    assert [birth.part(key) for key in ("year", "month", "day")] == ["1988", "4", "12"]


def test_what_could_not_be_read_is_shown_as_typed() -> None:
    assert view(value={"_raw": "０１x"}).text == "０１x"
    assert view(type="date", value={"_raw": {"year": "昭和", "month": "13"}}).part("year") == "昭和"


def test_only_the_wrong_box_of_a_date_is_marked() -> None:
    birth = view(type="date", errors=["月"], wrong_parts=frozenset({"month"}))
    assert birth.is_wrong("month")
    assert not birth.is_wrong("day")


def test_texts_of_a_field_are_read_out_error_first() -> None:
    field = view(errors=["x"], hint="h", provenance="p")
    assert field.described_by == "f-a-error f-a-hint f-a-source"


def test_chosen_options_are_known_for_one_and_for_many() -> None:
    assert view(type="radio", value="b").is_chosen("b")
    assert view(type="multiselect", value=["a", "b"]).is_chosen("b")
    assert not view(type="radio", value=None).is_chosen("None")


def test_births_ask_for_the_era_and_other_dates_do_not() -> None:
    assert view(path="children[r1].birth", type="date").asks_era
    assert not view(path="start", type="date").asks_era
