from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.casework_office import Office, boxes, open_office, post
from webapp import clock
from webapp.audit import AuditEntry
from webapp.casework.models import CaseDocument
from webapp.db import Database
from webapp.intake import corrections
from webapp.outbox.models import OutboxMessage


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    office = open_office(database, tmp_path)
    yield office
    office.services.database.dispose()


def test_the_inbox_shows_new_work_with_name_and_state(office: Office) -> None:
    reference = office.submit()
    page = office.client().get("/staff/inbox")
    assert page.status_code == 200
    assert reference in page.text and "髙橋 一郎" in page.text and "新着" in page.text


def test_another_department_sees_neither_line_nor_case(office: Office) -> None:
    reference = office.submit()
    other = office.client("zeimu")
    assert reference not in other.get("/staff/inbox").text
    assert other.get(f"/staff/cases/{reference}").status_code == 404


def test_a_case_is_found_by_two_kanji_of_the_name(office: Office) -> None:
    reference = office.submit()
    client = office.client()
    assert reference in client.get("/staff/inbox?q=高橋").text
    assert reference not in client.get("/staff/inbox?q=田中").text


def test_an_officer_goes_from_case_to_case_and_back_to_the_same_list(office: Office) -> None:
    first, second, third = (office.submit() for _ in range(3))
    client = office.client()
    client.get("/staff/inbox?view=new&sort=old")
    page = client.get(f"/staff/cases/{second}").text
    assert "3件中2件目" in page and f'href="/staff/cases/{third}"' in page
    assert "/staff/inbox?view=new&amp;sort=old" in page
    here = f"/staff/cases/{second}/decide/accept"
    done = post(client, here, here, _action="next")
    assert done.headers["Location"] == f"/staff/cases/{third}"
    assert f'href="/staff/cases/{first}"' in client.get(f"/staff/cases/{third}").text


def test_the_case_page_shows_answers_and_leaves_a_trace(office: Office) -> None:
    reference = office.submit(wish="急いでいます")
    page = office.client().get(f"/staff/cases/{reference}")
    assert page.status_code == 200
    assert "急いでいます" in page.text
    with office.database.reading() as session:
        assert session.scalar(select(AuditEntry).where(AuditEntry.action == "case.view")) is not None


def test_claiming_begins_the_examination(office: Office) -> None:
    reference = office.submit()
    client = office.client()
    here = f"/staff/cases/{reference}"
    assert post(client, here, f"{here}/claim").status_code == 303
    with office.database.reading() as session:
        case = office.case(session, reference)
        assert (case.status, case.news) == ("examining", None)


def test_a_correction_is_pinned_to_fields_and_stops_the_clock(office: Office) -> None:
    reference = office.submit()
    client = office.client()
    here = f"/staff/cases/{reference}/correction"
    data = {
        "mark": "tel",
        "reason:tel": "wrong",
        "note:tel": "番号が足りません。",
        **boxes("deadline", clock.today() + timedelta(days=14)),
    }
    preview = post(client, here, here, _action="preview", **data)
    assert "申請者にはこのように見えます" in preview.text and "番号が足りません。" in preview.text
    assert post(client, here, here, _action="send", **data).status_code == 303
    with office.database.reading() as session:
        case = office.case(session, reference)
        assert case.status == "correction" and case.paused_at is not None
        waiting = corrections.waiting(session, case.id)
        assert waiting is not None and [item.path for item in waiting.items] == ["tel"]
        keys = session.scalars(select(OutboxMessage.dedupe_key)).all()
        assert f"case:{case.id}:correction:{waiting.id}" in keys


def test_a_correction_without_fields_or_with_a_past_deadline_says_what_to_do(office: Office) -> None:
    reference = office.submit()
    client = office.client()
    here = f"/staff/cases/{reference}/correction"
    tomorrow = boxes("deadline", clock.today() + timedelta(days=1))
    nothing = post(client, here, here, _action="send", **tomorrow)
    assert nothing.status_code == 422 and "1つ以上選んでください" in nothing.text
    past = post(
        client,
        here,
        here,
        _action="send",
        mark="tel",
        **{"reason:tel": "wrong", "note:tel": "よく見てください"},
        **boxes("deadline", clock.today()),
    )
    assert past.status_code == 422 and "明日以降" in past.text
    assert "よく見てください" in past.text


def test_after_resubmission_only_the_change_is_shown_and_other_ticks_stay(office: Office) -> None:
    reference = office.submit()
    client = office.client()
    here = f"/staff/cases/{reference}"
    client_page = client.get(here)
    assert client_page.status_code == 200
    post(client, here, f"{here}/ticks", tick=["applicant_name", "tel"])
    post(
        client,
        f"{here}/correction",
        f"{here}/correction",
        _action="send",
        mark="tel",
        **{"reason:tel": "wrong", "note:tel": ""},
        **boxes("deadline", clock.today() + timedelta(days=5)),
    )
    with office.database.transaction() as session:
        from webapp.audit import Actor
        from webapp.casework import steps
        from webapp.intake import versions

        case = office.case(session, reference)
        waiting = corrections.waiting(session, case.id)
        assert waiting is not None
        resident = Actor("visitor", label="申請者")
        definition = office.services.library["test-application"]
        assert versions.load(session, definition.version)
        corrections.answer_correction(
            session,
            waiting,
            {"applicant_name": "別人", "tel": "09099999999"},
            resident,
            definition=definition,
        )
        steps.take(session, case, "answer_correction", resident)
    page = client.get(here).text
    assert "前回から変わったところ" in page and "090-9999-9999" in page
    assert "別人" not in page
    assert 'value="applicant_name" checked' in page
    assert 'value="tel" checked' not in page


def test_refusing_without_reasons_keeps_what_was_typed(office: Office) -> None:
    reference = office.submit()
    here = f"/staff/cases/{reference}/decide/refuse"
    answer = post(office.client(), here, here, _action="decide", reasons=" ", message="ご確認ください")
    assert answer.status_code == 422
    assert "理由を入力してください" in answer.text and "ご確認ください" in answer.text


def test_a_refusal_carries_reasons_and_instruction_in_a_letter(office: Office) -> None:
    reference = office.submit()
    here = f"/staff/cases/{reference}/decide/refuse"
    client = office.client()
    answer = post(
        client, here, here, _action="decide", reasons="要件に合いません。", message="", with_letter="yes"
    )
    assert answer.status_code == 303, answer.text
    with office.database.reading() as session:
        case = office.case(session, reference)
        assert case.status == "refused" and case.closed_at is not None and case.retain_until is not None
        document = session.scalars(select(CaseDocument)).one()
        token = document.token
    sent = client.get(f"/staff/cases/{reference}/documents/{token}")
    assert sent.data.startswith(b"%PDF-")


def test_a_preview_of_the_letter_decides_nothing(office: Office) -> None:
    reference = office.submit()
    here = f"/staff/cases/{reference}/decide/accept"
    answer = post(office.client(), here, here, _action="preview", message="")
    assert answer.data.startswith(b"%PDF-")
    with office.database.reading() as session:
        assert office.case(session, reference).status == "received"


def test_a_notification_cannot_be_accepted(office: Office) -> None:
    reference = office.submit("notification")
    assert office.client().get(f"/staff/cases/{reference}/decide/accept").status_code == 409


def test_a_notice_is_issued_and_the_resident_told(office: Office) -> None:
    reference = office.submit()
    here = f"/staff/cases/{reference}/issue"
    client = office.client()
    assert "郵送しました" in client.get(here).text
    answer = post(
        client, here, here, _action="letter", model="mailed", title="郵送のお知らせ", body="郵送しました。"
    )
    assert answer.status_code == 303, answer.text
    with office.database.reading() as session:
        assert session.scalars(select(CaseDocument.title)).all() == ["郵送のお知らせ"]
        keys = session.scalars(select(OutboxMessage.dedupe_key)).all()
        assert any(":document:" in key for key in keys)


def test_a_character_without_a_glyph_is_named_on_the_form(office: Office) -> None:
    reference = office.submit()
    here = f"/staff/cases/{reference}/issue"
    answer = post(office.client(), here, here, _action="letter", model="letter", title="通知", body="𓀀です")
    assert answer.status_code == 422 and "U+13000" in answer.text


def test_the_fee_is_fixed_once_and_never_twice(office: Office) -> None:
    reference = office.submit()
    here = f"/staff/cases/{reference}/fee"
    client = office.client()
    data = {"label1": "検査手数料", "unit1": "1,200", "quantity1": "2", **boxes("due_on", clock.today())}
    assert post(client, here, here, **data).status_code == 303
    assert "二重に請求できません" in client.get(here).text
    page = client.get(f"/staff/cases/{reference}").text
    assert "2,400円" in page


def test_an_opinion_lets_the_other_department_read_and_answer(office: Office) -> None:
    reference = office.submit()
    here = f"/staff/cases/{reference}"
    client, other = office.client(), office.client("zeimu")
    asked = post(client, here, f"{here}/opinions", opinion_department="tax", question="滞納はありますか")
    assert asked.status_code == 303, asked.text
    assert reference in other.get("/staff/inbox?view=opinion").text
    page = other.get(here)
    assert page.status_code == 200 and "滞納はありますか" in page.text
    assert "担当になる" not in page.text
    number = page.text.split("/opinions/")[1].split("/")[0]
    given = post(other, here, f"{here}/opinions/{number}/answer", stance="agree", answer="")
    assert given.status_code == 303
    assert "支障なし" in client.get(here).text


def test_a_transfer_keeps_reference_and_history(office: Office) -> None:
    reference = office.submit()
    here = f"/staff/cases/{reference}"
    client, other = office.client(), office.client("zeimu")
    answer = post(client, here, f"{here}/transfer", department="tax", reason="税務課の担当のため")
    assert answer.status_code == 303
    assert client.get(here).status_code == 404
    page = other.get(here).text
    assert "市民課から税務課へ" in page and "税務課の担当のため" in page


def test_a_decided_case_is_opened_again_with_reasons(office: Office) -> None:
    reference = office.submit()
    here = f"/staff/cases/{reference}"
    client = office.client()
    post(client, f"{here}/decide/accept", f"{here}/decide/accept", _action="decide", message="")
    assert post(client, here, f"{here}/decide/reopen", reasons="").status_code == 422
    assert post(client, here, f"{here}/decide/reopen", reasons="誤りが分かったため").status_code == 303
    page = client.get(here).text
    assert "取消し済み" in page and "審査中" in page


def test_a_batch_accepts_what_it_can_and_names_what_it_cannot(office: Office) -> None:
    good, other = office.submit(), office.submit("notification")
    client = office.client()
    ordered = post(client, "/staff/inbox", "/staff/batch/do", reference=[good, other], action="accept")
    answer = client.get(ordered.headers["Location"])
    assert "1件を処理しました" in answer.text and other in answer.text
    with office.database.reading() as session:
        assert office.case(session, good).status == "accepted"
        assert office.case(session, other).status == "received"


def test_a_paper_application_lies_in_the_same_queue_with_its_channel(office: Office) -> None:
    client = office.client()
    day = clock.today() - timedelta(days=2)
    started = post(
        client,
        "/staff/enter",
        "/staff/enter",
        slug="test-application",
        channel="paper",
        **boxes("received", day),
    )
    here = started.headers["Location"]
    typed = {"applicant_name": "紙 花子", "tel": "0312345678", "email": "", "wish": ""}
    checked = post(client, here, here, _action="send", **typed)
    assert checked.status_code == 303, checked.text
    sent = post(client, f"{here}/check", f"{here}/send")
    assert sent.status_code == 200 and "控え" in sent.text
    page = client.get("/staff/inbox?channel=paper").text
    assert "紙 花子" in page
    with office.database.reading() as session:
        from webapp.casework.models import Case

        case = session.scalars(select(Case)).one()
        assert clock.tokyo(case.arrived_at).date() == day


def test_what_is_missing_on_a_paper_is_told_at_its_place(office: Office) -> None:
    client = office.client()
    started = post(
        client,
        "/staff/enter",
        "/staff/enter",
        slug="test-application",
        channel="counter",
        **boxes("received", clock.today()),
    )
    here = started.headers["Location"]
    answer = post(client, here, here, _action="send", applicant_name="", tel="0312345678")
    assert answer.status_code == 422 and "0312345678" in answer.text


def test_receipt_and_correction_can_be_printed_for_the_post(office: Office) -> None:
    reference = office.submit()
    client = office.client()
    here = f"/staff/cases/{reference}"
    assert client.get(f"{here}/letters/receipt.pdf").data.startswith(b"%PDF-")
    assert client.get(f"{here}/letters/correction.pdf").status_code == 404
    post(
        client,
        f"{here}/correction",
        f"{here}/correction",
        _action="send",
        mark="tel",
        **{"reason:tel": "wrong", "note:tel": "確かめてください"},
        **boxes("deadline", clock.today() + timedelta(days=5)),
    )
    assert client.get(f"{here}/letters/correction.pdf").data.startswith(b"%PDF-")


def test_a_protected_person_is_marked_and_the_card_stands_beside_the_declaration(office: Office) -> None:
    reference = office.submit()
    with office.database.transaction() as session:
        from webapp.identity.models import IdentityLink, Resident
        from webapp.ports.identity import Level

        resident = Resident(created_at=clock.now(), protected=True, email_bounced_at=clock.now())
        session.add(resident)
        session.flush()
        session.add(
            IdentityLink(
                resident_id=resident.id,
                provider="sandbox",
                issuer="https://card.example",
                subject="x",
                level=int(Level.CARD),
                asserted={"name": "高橋 一朗", "address": "見本県みほん市中央1", "birth": "1980-01-02"},
                linked_at=clock.now(),
                last_seen_at=clock.now(),
            )
        )
        office.case(session, reference).resident_id = resident.id
    page = office.client().get(f"/staff/cases/{reference}").text
    assert "支援措置の対象の人です" in page and "メールが届いていません" in page
    assert '高橋 一朗 <span class="tag tag--attention">申請と違います' in page and "申請: 髙橋 一郎" in page
    assert "見本県みほん市中央1" not in page


def test_a_message_after_the_decision_is_not_lost(office: Office) -> None:
    reference = office.submit()
    client = office.client()
    here = f"/staff/cases/{reference}/decide/accept"
    post(client, here, here, _action="decide", message="")
    with office.database.transaction() as session:
        from webapp.audit import Actor
        from webapp.casework import thread

        thread.post(session, office.case(session, reference), "届きません", Actor("visitor", label="申請者"))
    assert reference in client.get("/staff/inbox?view=message").text
    case_page = f"/staff/cases/{reference}"
    post(client, case_page, f"{case_page}/message", message="お調べします。")
    assert reference not in client.get("/staff/inbox?view=message").text


def test_a_withdrawal_is_told_to_staff(office: Office) -> None:
    reference = office.submit()
    with office.database.transaction() as session:
        from webapp.audit import Actor
        from webapp.casework import steps

        steps.take(session, office.case(session, reference), "withdraw", Actor("visitor", label="申請者"))
    assert reference in office.client().get("/staff/inbox?view=other").text
