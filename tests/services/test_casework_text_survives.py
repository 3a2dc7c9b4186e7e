"""Whatever a browser can send survives submission, staff view, correction, resubmission and export."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.casework_office import VISITOR, Office, open_office
from webapp import clock
from webapp.applications import export_table, export_write, review
from webapp.audit import Actor
from webapp.calendar.business import city_hall
from webapp.casework import steps
from webapp.db import Database
from webapp.form_engine.outcome import Context
from webapp.form_engine.parse import parse_page
from webapp.intake import corrections, sheets

OFFICER = Actor("staff", None, "担当")
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=60)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    office = open_office(database, tmp_path)
    yield office
    office.services.database.dispose()


def typed(office: Office, text: str) -> str | None:
    """What the engine keeps of a text that a browser sent."""
    now = clock.tokyo(clock.now())
    context = Context(today=now.date(), now=now, calendar=city_hall())
    form = {"applicant_name": ["甲"], "tel": ["0312345678"], "email": [""], "wish": [text]}
    kept = parse_page(office.services.library["test-application"], "applicant", form, {}, context)
    wish = kept.get("wish")
    return wish if isinstance(wish, str) else None


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=TEXT, second=TEXT)
@example(first="髙﨑𠮷子", second="葛\U000e0100城\n=1+1")
@example(first="＝SUM(1)", second="a\u200db\u0301")
def test_every_text_survives_the_whole_way(office: Office, first: str, second: str) -> None:
    before, after = typed(office, first), typed(office, second)
    if not before or not after or not before.strip() or not after.strip():
        return
    with office.database.transaction() as session:
        case = office.submitted(session, wish=before).case
        seen = review.examine(session, case)
        assert seen is not None
        assert next(row.text for row in seen.rows if row.path == "wish") == before
        steps.take(session, case, "start", OFFICER)
        review.ask_correction(
            session, case, [corrections.Item("wish", "wrong")], clock.today() + timedelta(days=3), OFFICER
        )
        waiting = corrections.waiting(session, case.id)
        assert waiting is not None
        corrections.answer_correction(session, waiting, {"wish": after}, VISITOR, definition=seen.definition)
        steps.take(session, case, "answer_correction", VISITOR)
        assert sheets.latest(session, case.id).answers["wish"] == after
        found = export_table.read(session, [case], city_hall())
    assert export_table.as_json(found)[0]["answers"]["wish"] == after
    written = export_write.csv_utf8(export_table.table(found, ["test-application:wish"]), "t")
    cell = list(csv.reader(io.StringIO(written.data.decode("utf-8-sig"), newline="")))[1][0]
    assert cell in (after, f"'{after}")
