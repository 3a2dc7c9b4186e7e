"""The one function: what is shown, required, charged, stopped."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from webapp.form_engine import messages
from webapp.form_engine.changes import changes
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Person
from webapp.form_engine.parse import parse_page
from webapp.form_engine.present import present
from webapp.form_engine.problems import problems

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = Context(date(2025, 6, 2), datetime(2025, 6, 2, 12, tzinfo=TOKYO))


def definition(*fields: dict[str, Any], **more: Any) -> Definition:
    return Definition.model_validate(
        {
            "form": 1,
            "slug": "sample",
            "kind": "application",
            "title": "見本",
            "summary": "見本",
            "category": "certificates",
            "department": "citizen",
            "law": [{"name": "見本法"}],
            "purpose_of_use": "見本",
            "retention": {"years": 1},
            "identity": {"level": "none"},
            "who": "だれでも",
            "declaration": "見本",
            "pages": [{"key": "page", "title": "見本", "fields": list(fields)}],
            **more,
        }
    )


def radio(key: str, *values: str, **more: Any) -> dict[str, Any]:
    options = [{"value": value, "label": value} for value in values]
    return {"key": key, "type": "radio", "label": key, "options": options, **more}


def text(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": "text", "label": key, **more}


KIND = radio("kind", "a", "b")
ONLY_A = text("why", show_if={"field": "kind", "is": "a"})
ROWS = {
    "key": "rows_",
    "type": "group",
    "label": "人",
    "row": "人",
    "max_rows": 2,
    "fields": [radio("kind", "a", "b"), text("why", show_if={"field": ".kind", "is": "a"})],
}


def test_a_hidden_answer_is_absent() -> None:
    outcome = evaluate(definition(KIND, ONLY_A), {"kind": "b", "why": "secret"}, NOW)
    assert outcome.answers == {"kind": "b"} and not outcome.fields["why"].visible


def test_what_depends_on_a_hidden_answer_is_hidden_too() -> None:
    third = text("third", show_if={"field": "why", "answered": True})
    outcome = evaluate(definition(KIND, ONLY_A, third), {"kind": "b", "why": "x", "third": "y"}, NOW)
    assert outcome.answers == {"kind": "b"}


def test_an_unanswered_question_makes_comparisons_false() -> None:
    asked = text("why", show_if={"field": "kind", "is_not": "a"})
    assert not evaluate(definition(KIND, asked), {}, NOW).fields["why"].visible


def test_a_condition_with_a_dot_asks_the_same_row() -> None:
    rows = [{"id": "r1", "kind": "a", "why": "x"}, {"id": "r2", "kind": "b", "why": "y"}]
    outcome = evaluate(definition(ROWS), {"rows_": rows}, NOW)
    assert outcome.answers["rows_"] == [{"id": "r1", "kind": "a", "why": "x"}, {"id": "r2", "kind": "b"}]
    assert outcome.pages[0].fields == ("rows_", "rows_[r1].kind", "rows_[r1].why", "rows_[r2].kind")


def test_evaluating_changes_nothing() -> None:
    answers = {"kind": "b", "why": "secret", "rows_": [{"id": "r1", "kind": "b", "why": "x"}]}
    before = repr(answers)
    evaluate(definition(KIND, ONLY_A, ROWS), answers, NOW)
    assert repr(answers) == before


def test_a_card_locks_what_it_says() -> None:
    asked = text("name", prefill={"from": "name", "lock": "card"})
    person = Person(level="card", name="見本", sources={"name": "card"})
    state = evaluate(definition(asked), {}, Context(NOW.today, NOW.now, person)).fields["name"]
    assert state.readonly and state.readonly_reason


def test_a_locked_answer_cannot_be_posted() -> None:
    asked = text("name", prefill={"from": "name", "lock": "card"})
    context = Context(NOW.today, NOW.now, Person(level="card", name="見本", sources={"name": "card"}))
    given = parse_page(definition(asked), "page", {"name": ["別人"]}, {"name": "見本"}, context)
    assert given == {"name": "見本"}


def test_what_cannot_be_read_is_kept_as_typed() -> None:
    asked = {"key": "day", "type": "date", "label": "日"}
    form = {"day.year": ["2025"], "day.month": ["13"], "day.day": ["いつか"]}
    answers = parse_page(definition(asked), "page", form, {}, NOW)
    assert answers == {"day": {"_raw": {"year": "2025", "month": "13", "day": "いつか"}}}
    assert [p.code for p in problems(definition(asked), answers, NOW)] == ["not_date"]


def test_a_question_that_was_not_on_the_page_keeps_its_answer() -> None:
    given = parse_page(definition(KIND, ONLY_A), "page", {"kind": ["b"]}, {"kind": "a", "why": "x"}, NOW)
    assert given == {"kind": "b", "why": "x"}


def test_an_unticked_box_becomes_unanswered() -> None:
    box = {"key": "agree", "type": "checkbox", "label": "同意", "required": False}
    assert parse_page(definition(box), "page", {}, {"agree": True}, NOW) == {}


def test_rows_keep_their_ids_and_order() -> None:
    form = {"rows_.rows": ["r2 r1"], "rows_[r1].kind": ["a"], "rows_[r2].kind": ["b"]}
    before = {"rows_": [{"id": "r1"}, {"id": "r2"}, {"id": "r3"}]}
    answers = parse_page(definition(ROWS), "page", form, before, NOW)
    assert [row["id"] for row in answers["rows_"]] == ["r2", "r1"]


def test_too_many_rows_are_a_problem_that_says_what_to_do() -> None:
    rows = [{"id": f"r{n}", "kind": "b"} for n in range(3)]
    found = problems(definition(ROWS), {"rows_": rows}, NOW)
    assert [p.code for p in found] == ["too_many_rows"]
    assert "2件まで" in messages.text(found[0], definition(ROWS), "ja")


@pytest.mark.parametrize("lang", ["ja", "easy", "en"])
def test_every_problem_has_words_in_every_language(lang: Any) -> None:
    found = problems(definition(KIND), {}, NOW)
    assert "kind" in messages.text(found[0], definition(KIND), lang)


def test_only_some_paths_can_be_looked_at() -> None:
    both = definition(text("one"), text("two"))
    assert [p.path for p in problems(both, {}, NOW, only={"two"})] == ["two"]


def test_hidden_answers_are_not_presented() -> None:
    asked = definition(KIND, ONLY_A)
    answers = {"kind": "b", "why": "secret"}
    rows = present(asked, answers, "ja", evaluate(asked, answers, NOW))[0].rows
    assert [row.path for row in rows] == ["kind"]


def test_changes_compare_rows_by_their_id() -> None:
    before = {"rows_": [{"id": "r1", "kind": "a"}, {"id": "r2", "kind": "b"}]}
    after = {"rows_": [{"id": "r2", "kind": "a"}, {"id": "r1", "kind": "a"}]}
    assert [change.path for change in changes(definition(ROWS), before, after, "ja")] == ["rows_[r2].kind"]


def test_an_individual_number_is_a_problem() -> None:
    found = problems(definition(text("t")), {"t": "1234 5678 9018"}, NOW)
    assert [p.code for p in found] == ["individual_number"]


def test_the_version_is_the_content() -> None:
    one, other = definition(KIND), definition(KIND)
    assert one.version == other.version != definition(KIND, ONLY_A).version
    assert Definition.from_json(one.to_json()).version == one.version


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({}, None),
        ({"postal": "6000001"}, "address_half"),
        ({"postal": "6000001", "prefecture": "見本県", "city": "みほん市"}, "address_half"),
        ({"prefecture": "見本県", "city": "みほん市", "town": "中央"}, None),
    ],
)
def test_an_address_that_may_be_left_out_is_whole_or_empty(typed: dict[str, str], code: str | None) -> None:
    one = definition({"key": "home", "type": "address", "label": "前の住所", "required": False})
    found = problems(one, {"home": typed} if typed else {}, NOW)
    assert [problem.code for problem in found] == ([code] if code else [])
    if found:
        text = messages.text(found[0], one, "ja")
        assert text.startswith("「前の住所」が途中までです。") and "消してください" in text and "町" in text
