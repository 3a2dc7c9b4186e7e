"""What leaves the house on paper and as a table holds every visible answer and no hidden one."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from tests.fakes.library import FORMS, base, load
from webapp.applications import export_table, export_write, paper
from webapp.applications.review import Examined, ExaminedRow, ExaminedSection
from webapp.city import load_city
from webapp.form_engine import paths
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.fields import AnyField, Choice, Group
from webapp.form_engine.load import folders
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Person
from webapp.form_engine.present import present
from webapp.settings import ROOT

SLUGS = [folder.name for folder in folders([FORMS])]
CITY = load_city(ROOT / "demo")
NOON = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("Asia/Tokyo"))
NOW = Context(NOON.date(), NOON, Person(level="signed"))
FEW = settings(
    max_examples=6,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
WRITTEN = ("text", "textarea")


@cache
def definition(slug: str) -> Definition:
    return load(slug)


def choices(slug: str) -> st.SearchStrategy[dict[str, Any]]:
    """Any choices; every question in words is answered too, with a word of its own."""
    return st.fixed_dictionaries(
        {f.key: chosen(f, f.key) for page in definition(slug).pages for f in page.fields}
    )


def chosen(field: AnyField, path: str) -> st.SearchStrategy[Any]:
    if isinstance(field, Group):
        row = st.fixed_dictionaries({c.key: chosen(c, f"{path}.{c.key}") for c in field.fields})
        return row.map(lambda only: [{"id": "r1", **only}])
    if isinstance(field, Choice) and field.options:
        one = st.sampled_from([option.value for option in field.options])
        return st.lists(one, min_size=1, unique=True) if field.type == "multiselect" else one
    if field.type in WRITTEN:
        return st.just(f"word {path} end")
    return st.just(True if field.type == "checkbox" else None)


def seen_by_staff(procedure: Definition, answers: dict[str, Any]) -> Examined:
    outcome = evaluate(procedure, answers, NOW)
    sections = [
        ExaminedSection(
            section.title,
            [ExaminedRow(r.path, r.label, r.text, r.kind, r.value, heading=r.heading) for r in section.rows],
        )
        for section in present(procedure, answers, "ja", outcome)
    ]
    return Examined(procedure, SimpleNamespace(revision=1), outcome, sections)  # type: ignore[arg-type]


def case_of(procedure: Definition) -> Any:
    return SimpleNamespace(
        id=1, reference="26-4839-1572", slug=procedure.slug, kind=procedure.kind, status="received",
        title={"ja": procedure.title.ja}, contact={"name": "髙﨑 𠮷子"}, department=procedure.department,
        channel="web", arrived_at=NOON, due_on=date(2026, 12, 1), closed_at=None,
    )  # fmt: skip


def printed(case: Any, seen: Examined) -> str:
    pdf = paper.receipt(CITY, case, seen, sample=True)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    return "".join("".join(pages).split())


def exported(case: Any, seen: Examined) -> str:
    found = [export_table.Read(case, seen, "")]
    columns = [column.key for column in export_table.answer_columns(found)]
    written = export_write.csv_utf8(export_table.table(found, columns), "t")
    rows = csv.reader(io.StringIO(written.data.decode("utf-8-sig"), newline=""))
    return "".join("".join(cell for row in rows for cell in row).split())


@pytest.mark.parametrize("slug", SLUGS)
def test_paper_and_table_hold_what_is_visible_and_nothing_hidden(slug: str) -> None:
    procedure = definition(slug)

    @FEW
    @given(choices(slug))
    def holds(answers: dict[str, Any]) -> None:
        answers = {key: value for key, value in answers.items() if value is not None}
        seen = seen_by_staff(procedure, answers)
        case = case_of(procedure)
        places = {"paper": printed(case, seen), "table": exported(case, seen)}
        for path, state in seen.outcome.fields.items():
            if state.field.type not in WRITTEN:
                continue
            word = "".join(f"word {paths.plain(path)} end".split())
            for name, text in places.items():
                assert (word in text) is state.visible, f"{path} on {name}"

    holds()


DIFFICULT = "髙﨑𠮷、葛\U000e0100城、邉\U000e0101、か\u3099、㈱①"


def test_difficult_names_stand_on_paper_with_their_variation_selectors() -> None:
    procedure = definition("staff-exam")
    answers = {**base("staff-exam"), "name": DIFFICULT}
    assert DIFFICULT in printed(case_of(procedure), seen_by_staff(procedure, answers))


def test_a_character_the_font_lacks_is_marked_on_the_copy_never_left_out() -> None:
    procedure = definition("staff-exam")
    seen = seen_by_staff(procedure, {**base("staff-exam"), "name": "見本\U0001f600太郎"})
    assert "見本〓(U+1F600)太郎" in printed(case_of(procedure), seen)
