"""Two tabs, a back button, a second device: nothing given is lost."""

from webapp.intake.merging import fingerprints, merge

KEYS = ["name", "tel", "children"]


def test_an_answer_untouched_in_an_old_tab_keeps_what_another_tab_saved() -> None:
    seen = fingerprints({}, KEYS)
    merged = merge({"name": "山田"}, {"tel": "0773661000"}, seen, KEYS)
    assert merged.answers == {"name": "山田", "tel": "0773661000"}
    assert merged.changed == ["tel"]


def test_an_answer_emptied_on_purpose_is_emptied() -> None:
    stored = {"name": "山田"}
    merged = merge(stored, {}, fingerprints(stored, KEYS), KEYS)
    assert merged.answers == {}


def test_an_answer_not_shown_on_the_page_stays() -> None:
    merged = merge({"tel": "1"}, {"name": "x"}, fingerprints({}, ["name"]), KEYS)
    assert merged.answers == {"tel": "1", "name": "x"}


def test_the_same_answer_changed_in_two_tabs_takes_the_newer_and_keeps_the_other_aside() -> None:
    seen = fingerprints({"name": "山田"}, KEYS)
    merged = merge({"name": "山本"}, {"name": "山口"}, seen, KEYS)
    assert merged.answers["name"] == "山口"
    assert merged.overwritten == {"name": "山本"}


def test_rows_added_in_two_tabs_are_both_kept() -> None:
    seen = fingerprints({"children": [{"id": "a", "name": "一"}]}, KEYS)
    stored = {"children": [{"id": "a", "name": "一"}, {"id": "b", "name": "二"}]}
    posted = {"children": [{"id": "a", "name": "一"}, {"id": "c", "name": "三"}]}
    ids = [row["id"] for row in merge(stored, posted, seen, KEYS).answers["children"]]
    assert sorted(ids) == ["a", "b", "c"]


def test_a_row_removed_here_goes_and_another_tabs_answer_in_its_neighbour_stays() -> None:
    seen = fingerprints({"children": [{"id": "a", "name": "一"}, {"id": "b"}]}, KEYS)
    stored = {"children": [{"id": "a", "name": "一"}, {"id": "b", "name": "二"}]}
    merged = merge(stored, {"children": [{"id": "b"}]}, seen, KEYS)
    assert merged.answers["children"] == [{"id": "b", "name": "二"}]


def test_a_row_removed_in_another_tab_does_not_come_back_untouched() -> None:
    first = {"children": [{"id": "a", "name": "一"}, {"id": "b", "name": "二"}]}
    seen = fingerprints(first, KEYS)
    merged = merge({"children": [{"id": "b", "name": "二"}]}, first, seen, KEYS)
    assert [row["id"] for row in merged.answers["children"]] == ["b"]


def test_a_nested_row_merges_field_by_field() -> None:
    before = {"children": [{"id": "a", "pets": [{"id": "p", "name": "犬", "age": 1}]}]}
    stored = {"children": [{"id": "a", "pets": [{"id": "p", "name": "猫", "age": 1}]}]}
    posted = {"children": [{"id": "a", "pets": [{"id": "p", "name": "犬", "age": 2}]}]}
    merged = merge(stored, posted, fingerprints(before, KEYS), KEYS)
    assert merged.answers["children"][0]["pets"] == [{"id": "p", "name": "猫", "age": 2}]


def test_a_row_removed_in_another_tab_lives_on_when_it_was_written_in_here() -> None:
    first = {"children": [{"id": "a", "name": "一"}, {"id": "b", "name": "二"}]}
    seen = fingerprints(first, KEYS)
    posted = {"children": [{"id": "a", "name": "新"}, {"id": "b", "name": "二"}]}
    merged = merge({"children": [{"id": "b", "name": "二"}]}, posted, seen, KEYS)
    assert {"id": "a", "name": "新"} in merged.answers["children"]
