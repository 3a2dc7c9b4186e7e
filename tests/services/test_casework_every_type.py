"""Every kind of question survives the whole way, and what is hidden never appears anywhere on it."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.casework_office import VISITOR, Office, open_office
from tests.fakes.every_type import OPTIONS, SECRET, context, every_type
from webapp import clock
from webapp.applications import export_table, export_write, paper, review
from webapp.applications.submit import submit
from webapp.audit import Actor
from webapp.calendar.business import city_hall
from webapp.casework import steps
from webapp.casework.models import Case
from webapp.db import Database
from webapp.form_engine.fields import AnyField, walk_fields
from webapp.form_engine.parse import parse_page
from webapp.intake import corrections, drafts, sheets
from webapp.outbox.models import OutboxMessage

OFFICER = Actor("staff", None, "担当")
Form = dict[str, list[str]]
PINNED = tuple(f.key for page in every_type().pages for f in page.fields if f.key != "hidden")

text = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=30),
    st.sampled_from(
        ["髙﨑𠮷子", "葛\U000e0100城", "邉\U000e0101", "＝SUM(1)", "a\r\nb", "か\u3099", " 前後 "]
    ),
).filter(lambda written: written.strip() != "" and parsed_text(written))
digits = st.text("0123456789", min_size=10, max_size=10).map(lambda rest: "0" + rest)
days = st.dates(date(1912, 8, 1), date(2040, 1, 1))


def parsed_text(written: str) -> bool:
    """Whether something of this text is left once control characters are gone."""
    form = {"text": [written]}
    kept = parse_page(every_type(), "plain", form, {}, context()).get("text")
    return isinstance(kept, str) and bool(kept.strip())


@st.composite
def sent(draw: st.DrawFn, prefix: str = "", outer: bool = True) -> Form:
    """What a browser sends for one of each kind below ``prefix``."""
    day = draw(days)
    one = {
        "text": [draw(text)],
        "textarea": [draw(text)],
        "kana": [draw(st.text("アイウエオカがぎミホンﾔﾕ", min_size=1, max_size=10))],
        "integer": [str(draw(st.integers(-9999, 9999)))],
        "decimal": [str(draw(st.decimals(0, 100, places=2)))],
        "money": [f"{draw(st.integers(0, 10**6)):,}円"],
        "date.year": [str(day.year)],
        "date.month": [str(day.month)],
        "date.day": [str(day.day)],
        "month.year": [str(day.year)],
        "month.month": [str(day.month)],
        "year": [draw(st.sampled_from(["2026", "令和7", "平成元年", "R3"]))],
        "time": [draw(st.times()).strftime("%H:%M")],
        "postal": [draw(st.text("0123456789", min_size=7, max_size=7))],
        "address.postal": ["600-0001"],
        "address.prefecture": ["京都府"],
        "address.city": [draw(text)],
        "address.town": [draw(text)],
        "address.block": ["1-2"],
        "address.building": [draw(text)],
        "tel": [draw(digits)],
        "email": ["taka@example.jp"],
        "radio": [draw(st.sampled_from(OPTIONS))],
        "select": [draw(st.sampled_from(OPTIONS))],
        "multiselect": draw(st.lists(st.sampled_from(OPTIONS), min_size=1, unique=True)),
        "checkbox": ["1"],
        "place.lat": ["35.0116"],
        "place.lon": ["135.7681"],
        "place.note": [draw(text)],
    }
    if not outer:
        return {f"{prefix}{name}": value for name, value in one.items()}
    rows = {"group.rows": ["r1 r2"], **draw(sent("group[r1].", False)), **draw(sent("group[r2].", False))}
    inner = {"group[r1].inner.rows": ["n1"], "group[r1].inner[n1].text": [draw(text)]}
    inner |= {"group[r2].inner.rows": ["n1"], "group[r2].inner[n1].text": [draw(text)]}
    return {**one, **rows, **inner, "hidden": [SECRET], "group[r1].hidden": [SECRET]}


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    office = open_office(database, tmp_path)
    yield office
    office.services.database.dispose()


def read_form(form: Form, answers: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Read a posted form as the pages do; the box is ticked on the next visit, after what it will hide."""
    unticked = {name: value for name, value in form.items() if not name.endswith("checkbox")}
    typed = parse_page(every_type(), "plain", unticked, answers or {}, context())
    return parse_page(every_type(), "plain", form, typed, context())


def with_paper(answers: dict[str, Any], name: str) -> dict[str, Any]:
    """The answers with a file beside the questions and one in the first row, as an upload leaves them."""
    papers = [{"file_id": "f1", "name": f"{name}.pdf", "size": 10, "type": "application/pdf"}]
    first, *others = answers["group"]
    return {**answers, "file": papers, "group": [{**first, "file": papers}, *others]}


def send(session: Session, answers: dict[str, Any]) -> Case:
    draft = drafts.start(session, every_type(), drafts.Owner(), lang="ja", actor=VISITOR, answers=answers)
    return submit(session, draft, context=context(), actor=VISITOR).case


def shown(session: Session, case: Case) -> dict[str, tuple[Any, str]]:
    seen = review.examine(session, case)
    assert seen is not None
    return {row.path: (row.value, row.text) for row in seen.rows}


def without_hidden(answers: Mapping[str, Any]) -> dict[str, Any]:
    rows = [{k: v for k, v in row.items() if k != "hidden"} for row in answers["group"]]
    return {**{k: v for k, v in answers.items() if k != "hidden"}, "group": rows}


def flat(form: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Answers by path, rows of groups included."""
    found: dict[str, Any] = {}
    for key, value in form.items():
        if isinstance(value, list) and value and isinstance(value[0], dict) and "id" in value[0]:
            for row in value:
                found |= flat({k: v for k, v in row.items() if k != "id"}, f"{prefix}{key}[{row['id']}].")
        else:
            found[prefix + key] = value
    return found


def test_the_procedure_of_these_tests_asks_every_kind_of_question() -> None:
    kinds = {get_args(model.model_fields["type"].annotation)[0] for model in get_args(get_args(AnyField)[0])}
    asked = [field for page in every_type().pages for _, field in walk_fields(page.fields)]
    assert {field.type for field in asked} == kinds


@settings(
    max_examples=12, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(first=sent(), second=sent())
def test_every_kind_survives_the_whole_way(office: Office, first: Form, second: Form) -> None:
    before = with_paper(read_form(first), "髙﨑𠮷子")
    with office.database.transaction() as session:
        case = send(session, before)
        wanted = without_hidden(before)
        assert sheets.latest(session, case.id).answers == wanted
        rows = shown(session, case)
        assert {path: rows[path][0] for path in flat(wanted)} == flat(wanted)
        steps.take(session, case, "start", OFFICER)
        items = [corrections.Item(key, "wrong") for key in PINNED]
        review.ask_correction(session, case, items, clock.today() + timedelta(days=3), OFFICER)
        waiting = corrections.waiting(session, case.id)
        assert waiting is not None
        after = with_paper(without_hidden(read_form(second, wanted)), "葛\U000e0100城")
        corrections.answer_correction(session, waiting, after, VISITOR, definition=every_type())
        steps.take(session, case, "answer_correction", VISITOR)
        session.expire_all()
        assert sheets.latest(session, case.id).answers == after
        texts = {path: row[1] for path, row in shown(session, case).items()}
        exported(session, case, after, texts)


def open_texts(session: Session, case: Case) -> list[str]:
    """What a case says about itself outside its answers: contact, title and waiting messages."""
    told = session.scalars(select(OutboxMessage)).all()
    return [str(case.contact), str(case.title), *(str(message.payload) for message in told)]


def exported(session: Session, case: Case, answers: dict[str, Any], texts: dict[str, str]) -> None:
    """JSON gives back the stored shapes, CSV and spreadsheet the very texts that staff see."""
    from openpyxl import load_workbook

    found = export_table.read(session, [case], city_hall())
    assert json.loads(export_write.json_file(export_table.as_json(found), "t").data)[0]["answers"] == answers
    columns = export_table.answer_columns(found)
    table = export_table.table(found, [column.key for column in columns])
    assert len(columns) == len(texts)
    data = export_write.csv_utf8(table, "t").data.decode("utf-8-sig")
    cells = list(csv.reader(io.StringIO(data, newline="")))[1]
    sheet = load_workbook(io.BytesIO(export_write.spreadsheet(table, "t").data)).active
    assert sheet is not None
    wanted = list(texts.values())
    assert all(cell in (want, f"'{want}", "") for cell, want in zip(cells, wanted, strict=True))
    assert [sheet.cell(2, n).value or "" for n in range(1, len(cells) + 1)] == table.rows[0]
    assert SECRET not in data


def test_a_hidden_answer_is_nowhere_in_what_is_kept_printed_or_charged(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[Any] = []

    def render(_template: str, data: dict[str, Any]) -> bytes:
        printed.append(data)
        return b""

    monkeypatch.setattr(paper, "render", render)
    form = {
        "text": ["髙﨑𠮷子"],
        "checkbox": ["1"],
        "hidden": [SECRET],
        "group.rows": ["r1"],
        "group[r1].checkbox": ["1"],
        "group[r1].hidden": [SECRET],
    }
    typed = read_form(form)
    assert typed["hidden"] == typed["group"][0]["hidden"] == SECRET
    with office.database.transaction() as session:
        draft = drafts.start(session, every_type(), drafts.Owner(), lang="ja", actor=VISITOR, answers=typed)
        result = submit(session, draft, context=context(), actor=VISITOR)
        kept = [str(sheets.latest(session, result.case.id).answers), str(shown(session, result.case))]
        assert result.charge is not None and result.charge.open_yen == 300
        found = export_table.read(session, [result.case], city_hall())
        table = export_table.table(found, [c.key for c in export_table.answer_columns(found)])
        kept += [export_write.csv_utf8(table, "t").data.decode(), " ".join(open_texts(session, result.case))]
        seen = review.examine(session, result.case)
        paper.receipt(office.services.city, result.case, seen, sample=True)
        kept.append(str(printed[0]))
        assert "髙﨑𠮷子" in kept[-1]
    assert not [place for place in kept if SECRET in place]
