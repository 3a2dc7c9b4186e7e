"""Batches, export, statistics, absence, retention: what staff do beside a single case."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.casework_office import Office, boxes, open_office, post
from webapp import clock
from webapp.applications import remind
from webapp.audit import SYSTEM, AuditEntry
from webapp.casework import assign
from webapp.casework.office_models import ExportTemplate
from webapp.db import Database
from webapp.identity import staff_accounts
from webapp.outbox.models import OutboxMessage


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    office = open_office(database, tmp_path)
    yield office
    office.services.database.dispose()


def test_chosen_columns_leave_as_csv_and_the_export_is_on_record(office: Office) -> None:
    reference = office.submit(wish="=HYPERLINK(1)")
    client = office.client()
    page = post(client, "/staff/inbox", "/staff/export", reference=reference)
    assert "希望" in page.text
    key = "test-application:wish"
    answer = post(
        client,
        "/staff/inbox",
        "/staff/export/file",
        reference=reference,
        format="csv",
        column=["reference", key],
    )
    text = answer.data.decode("utf-8-sig")
    assert reference in text and "'=HYPERLINK(1)" in text and "髙橋" not in text
    with office.database.reading() as session:
        assert session.scalar(select(AuditEntry).where(AuditEntry.action == "case.export")) is not None


def test_a_choice_is_kept_under_a_name_and_used_by_the_department(office: Office) -> None:
    reference = office.submit()
    client = office.client()
    given = {
        "reference": reference,
        "format": "csv_sjis",
        "column": ["reference", "name"],
        "pattern": "{procedure}/{original}",
    }
    unnamed = post(client, "/staff/inbox", "/staff/export/file", _action="keep", **given)
    assert unnamed.status_code == 422 and "型の名前" in unnamed.text
    shared = {"template_name": "月次の台帳", "is_shared": "yes"}
    kept = post(client, "/staff/inbox", "/staff/export/file", _action="keep", **shared, **given)
    assert "「月次の台帳」を保存しました" in kept.text
    mine = {"template_name": "自分用", "_action": "keep"}
    post(client, "/staff/inbox", "/staff/export/file", **mine, **given)
    with office.database.reading() as session:
        numbers = {one.name: one.id for one in session.scalars(select(ExportTemplate))}
    chief = office.client("kacho")
    page = post(chief, "/staff/inbox", "/staff/export", reference=reference).text
    assert "月次の台帳(課の型)" in page and "自分用" not in page
    used = post(
        chief,
        "/staff/inbox",
        "/staff/export/template",
        reference=reference,
        template=str(numbers["月次の台帳"]),
    ).text
    assert 'value="csv_sjis" checked' in used and 'value="{procedure}/{original}"' in used
    assert len(re.findall(r'name="column" value="[a-z]+" checked', used)) == 2
    other = {"reference": reference, "template": str(numbers["自分用"])}
    assert post(chief, "/staff/inbox", "/staff/export/template", **other).status_code == 404
    assert post(chief, "/staff/inbox", "/staff/export/template/drop", **other).status_code == 404
    dropped = post(client, "/staff/inbox", "/staff/export/template/drop", **other).text
    assert "自分用" not in dropped and "月次の台帳" in dropped


def test_another_department_cannot_export_a_case(office: Office) -> None:
    reference = office.submit()
    answer = post(
        office.client("zeimu"),
        "/staff/inbox",
        "/staff/export/file",
        reference=reference,
        format="json",
    )
    assert answer.data == b"[]"


def test_every_export_format_answers(office: Office) -> None:
    reference = office.submit()
    client = office.client()
    for kind in ("csv", "csv_sjis", "xlsx", "json", "zip"):
        answer = post(
            client,
            "/staff/inbox",
            "/staff/export/file",
            reference=reference,
            format=kind,
            column=["reference"],
        )
        assert answer.status_code == 200, (kind, answer.text)


def test_the_share_of_online_applications_counts_paper_in_the_whole(office: Office) -> None:
    office.submit()
    client = office.client("kacho")
    started = post(
        client,
        "/staff/enter",
        "/staff/enter",
        slug="test-application",
        channel="paper",
        **boxes("received", clock.today()),
    )
    here = started.headers["Location"]
    post(client, here, here, _action="send", applicant_name="紙", tel="0312345678", email="", wish="")
    post(client, f"{here}/check", f"{here}/send")
    page = client.get("/staff/statistics").text
    assert "50.0%" in page and "2件" in page
    assert "5件未満" in client.get("/staff/statistics/table.csv").data.decode("utf-8-sig")


def test_statistics_see_no_case(office: Office) -> None:
    reference = office.submit()
    client = office.client("toukei")
    assert client.get("/staff/statistics").status_code == 200
    assert client.get(f"/staff/cases/{reference}").status_code == 403


def test_a_case_for_someone_absent_goes_to_the_substitute(office: Office) -> None:
    reference = office.submit()
    client, deputy = office.client(), office.client("kacho")
    with office.database.reading() as session:
        kacho, tanto = office.staff(session, "kacho"), office.staff(session, "tanto")
    last = clock.today() + timedelta(days=3)
    kept = post(client, "/staff/absence", "/staff/absence", substitute=str(kacho.id), **boxes("until", last))
    assert kept.status_code == 303, kept.text
    here = f"/staff/cases/{reference}"
    post(deputy, here, f"{here}/assign", staff=str(tanto.id))
    with office.database.reading() as session:
        assert office.case(session, reference).assignee_id == kacho.id
    with clock.frozen(clock.now() + timedelta(days=5)), office.database.reading() as session:
        assert not assign.is_absent(office.staff(session, "tanto"))


def test_an_absence_without_substitute_says_what_to_do(office: Office) -> None:
    answer = post(office.client(), "/staff/absence", "/staff/absence", **boxes("until", clock.today()))
    assert answer.status_code == 422 and "代わりに担当する職員" in answer.text


def test_an_overdue_correction_becomes_news_and_is_told_once(office: Office) -> None:
    reference = office.submit()
    client = office.client()
    here = f"/staff/cases/{reference}/correction"
    post(
        client,
        here,
        here,
        _action="send",
        mark="tel",
        **{"reason:tel": "wrong", "note:tel": ""},
        **boxes("deadline", clock.today() + timedelta(days=2)),
    )
    with clock.frozen(clock.now() + timedelta(days=4)):
        for _ in range(2):
            with office.database.transaction() as session:
                remind.remind_corrections(session)
        with office.database.reading() as session:
            assert office.case(session, reference).news == "overdue"
            keys = [key for key in session.scalars(select(OutboxMessage.dedupe_key)) if key.endswith(":over")]
            assert len(keys) == 1


def test_a_correction_nobody_answers_is_listed_and_told_but_never_ended_by_a_clock(office: Office) -> None:
    reference = office.submit()
    client = office.client()
    here = f"/staff/cases/{reference}/correction"
    asked = {"_action": "send", "mark": "tel", "reason:tel": "wrong", "note:tel": ""}
    post(client, here, here, **asked, **boxes("deadline", clock.today() + timedelta(days=5)))
    start = clock.now()
    for day in range(60):
        with clock.frozen(start + timedelta(days=day)), office.database.transaction() as session:
            remind.remind_corrections(session)
    with office.database.reading() as session:
        case = office.case(session, reference)
        assert (case.status, case.closed_at, case.news) == ("correction", None, "overdue")
        keys = session.scalars(select(OutboxMessage.dedupe_key).order_by(OutboxMessage.id)).all()
        assert [key.rpartition(":")[2] for key in keys if ":correction:" in key][1:] == ["soon", "over"]
    with clock.frozen(start + timedelta(days=60)):
        desk = office.client()
        assert reference in desk.get("/staff/inbox?view=unanswered").text
        page = desk.get(f"/staff/cases/{reference}").text
        assert "過ぎています" in page and "自動では終わりません" in page
        early = post(desk, f"/staff/cases/{reference}", f"{here}/extend", **boxes("later", clock.today()))
        assert early.status_code == 422 and "いまの期限より後" in early.text
        later = clock.today() + timedelta(days=7)
        assert (
            post(desk, f"/staff/cases/{reference}", f"{here}/extend", **boxes("later", later)).status_code
            == 303
        )
        assert reference not in desk.get("/staff/inbox?view=unanswered").text
        with office.database.reading() as session:
            assert office.case(session, reference).answer_by == later


def test_a_department_with_waiting_work_gets_one_digest_a_day(office: Office) -> None:
    office.submit()
    with office.database.transaction() as session:
        office.staff(session, "tanto").email = "tanto@mihon.example"
        assert remind.send_digests(session, ["citizen", "tax"]) == 1


def test_the_retention_screen_counts_before_it_erases(office: Office) -> None:
    reference = office.submit()
    client = office.client()
    here = f"/staff/cases/{reference}/decide/accept"
    post(client, here, here, _action="decide", message="")
    with office.database.transaction() as session:
        staff_accounts.create(
            session,
            login="kanri",
            name="管理",
            department="personnel",
            roles=["admin@*"],
            actor=SYSTEM,
            password="correct horse battery",
        )
    with clock.frozen(clock.now() + timedelta(days=366 * 5)):
        admin = office.client("kanri")
        assert "1件" in admin.get("/staff/retention").text
        post(admin, "/staff/retention", "/staff/retention", _action="dry")
        with office.database.reading() as session:
            assert office.case(session, reference).reference == reference
        post(admin, "/staff/retention", "/staff/retention", _action="run", sure="yes")
        page = admin.get("/staff/retention").text
        assert "対象の案件はありません" in page and reference in page
