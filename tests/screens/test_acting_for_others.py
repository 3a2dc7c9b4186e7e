"""Mandates between residents, the counter tablet, and signing in by mail."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.casework_office import Office, open_office, post, token_of
from tests.fakes.counter import send
from webapp import clock
from webapp.audit import AuditEntry
from webapp.casework.models import Case
from webapp.db import Database
from webapp.identity import mandates, sessions
from webapp.identity.mandate_models import CounterVisit, Mandate
from webapp.identity.models import Resident
from webapp.identity.sessions import Holder
from webapp.outbox.models import OutboxMessage
from webapp.ports.identity import Level


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return open_office(database, tmp_path)


def resident(office: Office, name: str, *, protected: bool = False, level: Level = Level.CARD) -> FlaskClient:
    with office.database.transaction() as session:
        row = Resident(created_at=clock.now(), profile={"name": name}, protected=protected)
        session.add(row)
        session.flush()
        holder = Holder(resident_id=row.id, level=int(level), authenticated_at=clock.now())
        _, token = sessions.create(session, "resident", {}, holder)
    client = office.app.test_client()
    client.set_cookie("madoguchi", token)
    return client


def offer(office: Office, client: FlaskClient, *procedures: str, days: int = 30) -> str:
    until = (clock.today() + timedelta(days=days)).isoformat()
    page = post(client, "/mandates/", "/mandates/", valid_to=until, procedures=list(procedures))
    link = re.search(r"<code>https?://[^/]+(/mandates/offers/[^<]+)</code>", page.text)
    assert link, page.text
    return link[1]


def only_mandate(office: Office) -> Mandate:
    with office.database.reading() as session:
        return session.scalars(select(Mandate)).one()


def test_a_mandate_is_offered_taken_used_and_ended(office: Office) -> None:
    hana, taro = resident(office, "花子"), resident(office, "太郎")
    link = offer(office, hana, "test-application")
    assert "花子さんから" in taro.get(link).text
    post(taro, link, link, answer="accept")
    number = only_mandate(office).id
    post(taro, "/mandates/", f"/mandates/{number}/act")
    assert "いま、代理で手続きをしています" in taro.get("/mandates/").text
    post(taro, "/apply/start/test-application", "/apply/start/test-application")
    with office.database.reading() as session:
        begun = session.scalars(select(AuditEntry).where(AuditEntry.action == "draft.start")).one()
        assert begun.on_behalf_of == str(only_mandate(office).grantor_id)
    post(hana, "/mandates/", f"/mandates/{number}/revoke")
    assert post(taro, "/mandates/", f"/mandates/{number}/act").status_code == 404


def test_staff_see_who_acted_for_whom(office: Office) -> None:
    hana, taro = resident(office, "花子"), resident(office, "太郎")
    link = offer(office, hana, "test-application")
    post(taro, link, link, answer="accept")
    post(taro, "/mandates/", f"/mandates/{only_mandate(office).id}/act")
    begun = post(taro, "/apply/start/test-application", "/apply/start/test-application")
    page = taro.get(begun.headers["Location"], follow_redirects=True).request.path
    typed = {"applicant_name": "花子", "tel": "09012345678", "email": "", "wish": "髙﨑𠮷"}
    check = send(taro, taro.get(page), page, {**typed, "_action": "next"}).headers["Location"]
    receipt = send(taro, taro.get(check), check, {"declared": "yes"}).headers["Location"]
    assert "受け付けました" in taro.get(receipt).text
    with office.database.reading() as session:
        case = session.scalars(select(Case)).one()
        assert case.resident_id == only_mandate(office).grantor_id
    shown = office.client("tanto").get(f"/staff/cases/{case.reference}").text
    assert "太郎さんが、花子さんの代理で送りました" in shown
    assert "代理人が入力" in shown
    assert case.reference in hana.get("/my").text


def test_nobody_is_called_an_agent_who_sent_their_own(office: Office) -> None:
    reference = office.submit()
    assert "代理で送りました" not in office.client("tanto").get(f"/staff/cases/{reference}").text


def test_the_offer_works_once_and_not_for_oneself(office: Office) -> None:
    hana, taro, jiro = (resident(office, name) for name in ("花子", "太郎", "次郎"))
    link = offer(office, hana)
    assert hana.get(link).status_code == 404
    post(taro, link, link, answer="accept")
    assert jiro.get(link).status_code == 404


def test_a_declined_or_late_offer_is_gone(office: Office) -> None:
    hana, taro = resident(office, "花子"), resident(office, "太郎")
    link = offer(office, hana)
    post(taro, link, link, answer="decline")
    assert taro.get(link).status_code == 404
    late = offer(office, hana)
    with clock.frozen(clock.now() + timedelta(days=8)):
        assert resident(office, "四郎").get(late).status_code == 404


def test_a_mandate_ends_by_itself_and_keeps_to_its_procedures(office: Office) -> None:
    hana, taro = resident(office, "花子"), resident(office, "太郎")
    link = offer(office, hana, "test-application", days=10)
    post(taro, link, link, answer="accept")
    row = only_mandate(office)
    with office.database.reading() as session:
        agent = session.get_one(Resident, row.agent_id)
        assert mandates.in_force(session, row.id, agent, procedure="test-application")
        assert not mandates.in_force(session, row.id, agent, procedure="test-report")
        with clock.frozen(clock.now() + timedelta(days=12)):
            assert not mandates.in_force(session, row.id, agent)


def test_nobody_else_ends_a_mandate(office: Office) -> None:
    hana, taro, jiro = (resident(office, name) for name in ("花子", "太郎", "次郎"))
    link = offer(office, hana)
    post(taro, link, link, answer="accept")
    assert post(jiro, "/mandates/", f"/mandates/{only_mandate(office).id}/revoke").status_code == 404


def test_a_protected_resident_never_appears_in_a_mandate(office: Office) -> None:
    shien = resident(office, "しずか", protected=True)
    until = (clock.today() + timedelta(days=3)).isoformat()
    assert post(shien, "/mandates/", "/mandates/", valid_to=until).status_code == 403
    hana, taro = resident(office, "花子"), resident(office, "太郎")
    link = offer(office, hana)
    assert post(shien, link, link, answer="accept").status_code == 403
    post(taro, link, link, answer="accept")
    row = only_mandate(office)
    with office.database.transaction() as session:
        session.get_one(Resident, row.grantor_id).protected = True
    assert post(taro, "/mandates/", f"/mandates/{row.id}/act").status_code == 404
    with office.database.reading() as session:
        assert not mandates.in_force(session, row.id, session.get_one(Resident, row.agent_id))


def test_a_mandate_needs_the_card(office: Office) -> None:
    weak = resident(office, "花子", level=Level.ACCOUNT)
    assert "level=card" in weak.get("/mandates/").headers["Location"]


def code_of(page: str) -> str:
    found = re.search(r"<code>([2-9A-Z]{8})</code>", page)
    assert found, page
    return found[1]


def test_a_tablet_joins_a_visit_once_and_forgets_when_staff_end_it(office: Office) -> None:
    officer, tablet = office.client("tanto"), resident(office, "前の人")
    code = code_of(post(officer, "/staff/counter/", "/staff/counter/").text)
    joined = post(tablet, "/counter/", "/counter/", code=code.lower())
    assert joined.headers["Location"] == "/counter/menu"
    menu = tablet.get("/counter/menu").text
    assert "前の人" not in menu
    assert "カードを読み取る" in menu
    assert post(office.app.test_client(), "/counter/", "/counter/", code=code).status_code == 422
    with office.database.reading() as session:
        number = session.scalars(select(CounterVisit.id)).one()
    post(officer, "/staff/counter/", f"/staff/counter/{number}/end")
    assert tablet.get("/counter/menu").headers["Location"] == "/counter/"


def test_what_the_tablet_does_is_recorded_as_the_counter(office: Office) -> None:
    officer, tablet = office.client("tanto"), office.app.test_client()
    post(
        tablet,
        "/counter/",
        "/counter/",
        code=code_of(post(officer, "/staff/counter/", "/staff/counter/").text),
    )
    post(tablet, "/apply/start/test-application", "/apply/start/test-application")
    with office.database.reading() as session:
        begun = session.scalars(select(AuditEntry).where(AuditEntry.action == "draft.start")).one()
        assert begun.channel == "counter"


@pytest.mark.parametrize("at_counter", [True, False])
def test_a_case_says_at_whose_counter_it_was_sent(office: Office, at_counter: bool) -> None:
    officer, tablet = office.client("tanto"), office.app.test_client()
    if at_counter:
        code = code_of(post(officer, "/staff/counter/", "/staff/counter/").text)
        post(tablet, "/counter/", "/counter/", code=code)
    begun = post(tablet, "/apply/start/test-application", "/apply/start/test-application")
    page = tablet.get(begun.headers["Location"], follow_redirects=True).request.path
    typed = {"applicant_name": "花子", "tel": "09012345678", "_action": "next"}
    check = send(tablet, tablet.get(page), page, typed).headers["Location"]
    send(tablet, tablet.get(check), check, {"declared": "yes"})
    with office.database.reading() as session:
        case = session.scalars(select(Case)).one()
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "visit.confirmed")).all()
        assert [entry.case_id for entry in noted] == [case.id] * at_counter
    shown = officer.get(f"/staff/cases/{case.reference}").text
    assert ("担当 太郎の窓口で、本人がタブレットで確かめて送りました" in shown) is at_counter


def test_guessing_visit_codes_is_stopped(office: Office) -> None:
    tablet = office.app.test_client()
    answers = [post(tablet, "/counter/", "/counter/", code="22222222").status_code for _ in range(31)]
    assert answers[:30] == [422] * 30
    assert answers[30] == 429


def asked(office: Office, client: FlaskClient, address: str = "hana@example.jp") -> str:
    assert post(client, "/sign-in/mail", "/sign-in/mail", address=address).status_code == 303
    with office.database.reading() as session:
        row = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
        assert row
        return str(row.payload["data"]["password"])


def test_a_code_by_mail_signs_in_once(office: Office) -> None:
    client = office.app.test_client()
    code = asked(office, client)
    other = office.app.test_client()
    assert other.get("/sign-in/mail/code").status_code == 303
    assert post(client, "/sign-in/mail/code", "/sign-in/mail/code", code=code).headers["Location"] == "/my"
    assert client.get("/account/").status_code == 200
    with office.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Resident)) == 1


def test_the_same_address_is_the_same_resident(office: Office) -> None:
    for address in ("hana@example.jp", "Hana@Example.JP"):
        client = office.app.test_client()
        code = asked(office, client, address)
        post(client, "/sign-in/mail/code", "/sign-in/mail/code", code=code)
    with office.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Resident)) == 1


def test_five_wrong_codes_end_the_ticket(office: Office) -> None:
    client = office.app.test_client()
    code = asked(office, client)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert post(client, "/sign-in/mail/code", "/sign-in/mail/code", code=wrong).status_code == 422
    assert post(client, "/sign-in/mail/code", "/sign-in/mail/code", code=code).status_code == 422


def test_a_code_ends_after_half_an_hour(office: Office) -> None:
    client = office.app.test_client()
    code = asked(office, client)
    page = client.get("/sign-in/mail/code")
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        answer = client.post("/sign-in/mail/code", data={"csrf_token": token_of(page), "code": code})
        assert answer.status_code == 422


def test_many_mails_to_one_address_are_stopped(office: Office) -> None:
    answers = [
        post(
            office.app.test_client(), "/sign-in/mail", "/sign-in/mail", address="hana@example.jp"
        ).status_code
        for _ in range(5)
    ]
    assert answers == [303] * 4 + [429]
