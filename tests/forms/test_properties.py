"""What holds for every procedure and any answers: pure, nothing hidden leaks, every text survives."""

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webapp.form_engine import paths
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.fields import AnyField, Choice, Group
from webapp.form_engine.load import folders, load_definition
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Person
from webapp.form_engine.parse import parse_page
from webapp.form_engine.present import present
from webapp.form_engine.problems import problems

FORMS = Path(__file__).resolve().parents[2] / "forms"
SLUGS = [folder.name for folder in folders([FORMS])]
NOON = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("Asia/Tokyo"))
NOW = Context(NOON.date(), NOON, Person(level="signed"))
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])

DIFFICULT = ["髙", "﨑", "𠮷", "葛\U000e0100", "邉\U000e0101", "㈱", "①", "ﾔ", "か\u3099", "👨\u200d👩"]
piece = st.one_of(st.characters(exclude_categories=("Cs", "Cc")), st.sampled_from(DIFFICULT))
browser_text = st.lists(piece, max_size=20).map("".join)


@cache
def definition(slug: str) -> Definition:
    return load_definition(FORMS / slug)


def an_answer(field: AnyField) -> st.SearchStrategy[Any]:
    if isinstance(field, Group):
        row = st.fixed_dictionaries({}, optional={c.key: an_answer(c) for c in field.fields})
        return st.lists(row, max_size=3).map(lambda rows: [{"id": f"r{n}", **r} for n, r in enumerate(rows)])
    if isinstance(field, Choice) and field.options:
        values = st.sampled_from([option.value for option in field.options])
        return st.lists(values, unique=True) if field.type == "multiselect" else values
    match field.type:
        case "checkbox":
            return st.just(True)
        case "integer" | "money" | "year":
            return st.integers(-5, 3000)
        case "decimal":
            return st.decimals(0, 100, places=2).map(str)
        case "date":
            return st.dates(date(1920, 1, 1), date(2030, 1, 1)).map(date.isoformat)
        case "month":
            return st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(lambda day: f"{day:%Y-%m}")
        case "address" | "place":
            return st.fixed_dictionaries({"town": browser_text})
        case "file":
            return st.just([{"file_id": "f1", "name": "見本.pdf", "size": 10, "type": "application/pdf"}])
    return browser_text


def answers_of(slug: str) -> st.SearchStrategy[dict[str, Any]]:
    questions = [field for page in definition(slug).pages for field in page.fields]
    return st.fixed_dictionaries({}, optional={field.key: an_answer(field) for field in questions})


@pytest.mark.parametrize("slug", SLUGS)
def test_the_outcome_is_pure_and_deterministic(slug: str) -> None:
    @FEW
    @given(answers_of(slug))
    def holds(answers: dict[str, Any]) -> None:
        before = repr(answers)
        one, other = (evaluate(definition(slug), answers, NOW) for _ in range(2))
        assert repr(answers) == before
        assert (one.answers, one.fee, one.benefit, one.stops, one.pages) == (
            other.answers,
            other.fee,
            other.benefit,
            other.stops,
            other.pages,
        )
        assert evaluate(definition(slug), one.answers, NOW).answers == one.answers

    holds()


@pytest.mark.parametrize("slug", SLUGS)
def test_hidden_answers_never_leak(slug: str) -> None:
    @FEW
    @given(answers_of(slug))
    def holds(answers: dict[str, Any]) -> None:
        outcome = evaluate(definition(slug), answers, NOW)
        hidden = {path for path, state in outcome.fields.items() if not state.visible}
        assert all(paths.get(outcome.answers, path) is None for path in hidden)
        shown = {row.path for s in present(definition(slug), answers, "ja", outcome) for row in s.rows}
        assert not shown & hidden
        assert all(problem.path not in hidden for problem in problems(definition(slug), answers, NOW))
        without = {key: value for key, value in answers.items() if key not in hidden}
        assert evaluate(definition(slug), without, NOW).fee == outcome.fee

    holds()


@pytest.mark.parametrize("slug", SLUGS)
def test_the_definition_survives_storage(slug: str) -> None:
    stored = Definition.from_json(definition(slug).to_json())
    assert stored.to_json() == definition(slug).to_json() and stored.version == definition(slug).version


@FEW
@given(browser_text)
def test_any_text_survives_the_form_the_staff_view_and_a_correction(text: str) -> None:
    procedure = definition("water-start")
    page = next(page for page in procedure.pages if any(f.key == "name" for f in page.fields))
    sent = parse_page(procedure, page.key, {"name": [text]}, {}, NOW)
    kept = sent.get("name", "")
    bidi = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    written = "".join(c for c in text if c not in bidi)
    assert kept == (written if written.strip() else "")
    again = parse_page(procedure, page.key, {"name": [kept]}, sent, NOW)
    assert again.get("name", "") == kept
    outcome = evaluate(procedure, sent, NOW)
    rows = [r for s in present(procedure, sent, "ja", outcome) for r in s.rows if r.path == "name"]
    assert not kept or rows[0].text == kept
