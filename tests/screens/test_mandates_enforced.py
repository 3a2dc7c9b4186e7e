"""A mandate holds at every step: what it shows, where it reaches, when it ends; and those staff record."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.casework_office import Office, open_office, post
from tests.fakes import identity_counter
from tests.fakes.counter import send
from tests.screens.test_acting_for_others import code_of, only_mandate, resident
from webapp import clock
from webapp.casework.models import Case
from webapp.db import Database
from webapp.identity import mandates
from webapp.identity.mandate_models import CounterVisit, Mandate
from webapp.identity.models import Resident, Staff
from webapp.intake.models import Draft

START = "/apply/start/test-application"
HOME = {"prefecture": "見本県", "city": "みほん市", "town": "中央", "block": "1-2"}


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return open_office(database, tmp_path)


def pair(office: Office, **form: str) -> tuple[FlaskClient, FlaskClient]:
    """花子 lets 太郎 act, and 太郎 acts."""
    hana, taro = resident(office, "花子"), resident(office, "太郎")
    with office.database.transaction() as session:
        grantor = session.scalars(select(Resident).order_by(Resident.id)).first()
        assert grantor
        grantor.profile = {"name": "花子", "kana": "ハナコ", "birth": "1988-04-12", "address": HOME}
    until = (clock.today() + timedelta(days=30)).isoformat()
    page = post(hana, "/mandates/", "/mandates/", valid_to=until, procedures=["test-application"], **form)
    link = re.search(r"<code>https?://[^/]+(/mandates/offers/[^<]+)</code>", page.text)
    assert link, page.text
    post(taro, link[1], link[1], answer="accept")
    act(office, taro)
    return hana, taro


def act(office: Office, agent: FlaskClient) -> None:
    assert post(agent, "/mandates/", f"/mandates/{only_mandate(office).id}/act").status_code == 303


def begin(agent: FlaskClient) -> str:
    """Start the draft; return the path of its first page."""
    started = post(agent, START, START)
    return agent.get(started.headers["Location"], follow_redirects=True).request.path


def finish(agent: FlaskClient, page: str) -> str:
    typed = {"applicant_name": "花子", "tel": "09012345678", "email": "", "wish": "いそぎ", "_action": "next"}
    check = send(agent, agent.get(page), page, typed).headers["Location"]
    return send(agent, agent.get(check), check, {"declared": "yes"}).headers["Location"]


@pytest.mark.parametrize("how", ["revoked", "protected", "over"])
def test_the_draft_closes_when_the_mandate_ends(office: Office, how: str) -> None:
    hana, taro = pair(office)
    page = begin(taro)
    assert taro.get(page).status_code == 200
    row, later = only_mandate(office), clock.now()
    if how == "revoked":
        post(hana, "/mandates/", f"/mandates/{row.id}/revoke")
    elif how == "protected":
        with office.database.transaction() as session:
            session.get_one(Resident, row.grantor_id).protected = True
    else:
        later += timedelta(days=31)
    with clock.frozen(later):
        if how == "over":
            with office.database.transaction() as session:
                session.scalars(select(Draft)).one().expires_at = later + timedelta(days=1)
            taro = at_agent_again(office, row)
        refused = taro.get(page)
        assert refused.status_code == 403
        assert "委任が終わっているため" in refused.text
        assert "花子" not in refused.text
        assert taro.get("/my").status_code == 200


def at_agent_again(office: Office, row: Mandate) -> FlaskClient:
    """The agent signed in anew."""
    from webapp.identity import sessions
    from webapp.identity.sessions import Holder
    from webapp.ports.identity import Level

    with office.database.transaction() as session:
        holder = Holder(resident_id=row.agent_id, level=int(Level.CARD), authenticated_at=clock.now())
        _, token = sessions.create(session, "resident", {}, holder)
    client = office.app.test_client()
    client.set_cookie("madoguchi", token)
    return client


def test_nothing_is_begun_outside_of_the_scope_in_anybodys_name(office: Office) -> None:
    _hana, taro = pair(office)
    refused = taro.get("/apply/start/test-report")
    assert refused.status_code == 403
    assert "頼まれていません" in refused.text
    page = taro.get(START)
    assert send(taro, page, "/apply/start/test-report", {}).status_code == 403
    with office.database.reading() as session:
        assert session.scalars(select(Draft)).all() == []


def test_every_page_says_for_whom_one_acts(office: Office) -> None:
    _hana, taro = pair(office)
    assert "花子さんの代理で手続きをしています" in taro.get(START).text


def test_the_agent_does_not_keep_the_case_after_the_mandate(office: Office) -> None:
    hana, taro = pair(office)
    assert "受け付けました" in taro.get(finish(taro, begin(taro))).text
    with office.database.reading() as session:
        reference = session.scalars(select(Case)).one().reference
    assert taro.get(f"/cases/{reference}").status_code == 200
    post(hana, "/mandates/", f"/mandates/{only_mandate(office).id}/revoke")
    assert taro.get(f"/cases/{reference}").status_code == 302  # to the page that asks for its password
    assert reference not in taro.get("/my").text
    assert hana.get(f"/cases/{reference}").status_code == 200


@pytest.mark.parametrize(
    ("form", "shared"), [({}, {"name"}), ({"shares_profile": "yes"}, {"name", "kana", "birth", "address"})]
)
def test_only_what_the_grantor_shares_fills_in_forms(
    office: Office, form: dict[str, str], shared: set[str]
) -> None:
    pair(office, **form)
    with office.database.reading() as session:
        assert set(mandates.grantor_profile(session, session.scalars(select(Mandate)).one())) == shared


def at_counter(office: Office, *, card: bool = True) -> tuple[FlaskClient, FlaskClient, str]:
    """An officer's visit with 太郎 at the tablet; returns officer, tablet and the page of mandates."""
    officer, tablet = office.client("tanto"), office.app.test_client()
    code = code_of(post(officer, "/staff/counter/", "/staff/counter/").text)
    post(tablet, "/counter/", "/counter/", code=code)
    with office.database.transaction() as session:
        visit = session.scalars(select(CounterVisit)).one()
        if card:
            agent = Resident(created_at=clock.now(), profile={"name": "太郎"})
            session.add(agent)
            session.flush()
            visit.resident_id, visit.proof = agent.id, "card"
    return officer, tablet, f"/staff/counter/{visit.id}/mandates/"


def record(officer: FlaskClient, page: str, **changes: str) -> TestResponse:
    child = (clock.today() - timedelta(days=365 * 9)).isoformat()
    form = {"basis": "guardian", "name": "みらい", "kana": "ミライ", "birth": child, **HOME}
    return post(
        officer, page, page, **(form | {"seen": "戸籍全部事項証明書", "not_shielded": "yes"} | changes)
    )


def test_staff_record_a_guardian_who_then_applies_online(office: Office) -> None:
    officer, _tablet, page = at_counter(office)
    assert record(officer, page).status_code == 303
    assert "みらいさんの代理" in officer.get(page).text
    row = only_mandate(office)
    assert (row.basis, row.verified_by_id is not None, row.shares_profile) == ("guardian", True, True)
    agent = at_agent_again(office, row)
    act(office, agent)
    agent.get(finish(agent, begin(agent)))
    with office.database.reading() as session:
        case = session.scalars(select(Case)).one()
        assert case.resident_id == row.grantor_id
    assert "窓口で書類を確認した、親権者・未成年後見人" in officer.get(f"/staff/cases/{case.reference}").text
    post(officer, page, f"{page}{row.id}/end")
    assert post(agent, "/mandates/", f"/mandates/{row.id}/act").status_code == 404


def test_a_guardian_ends_before_the_child_is_of_age(office: Office) -> None:
    officer, _tablet, page = at_counter(office)
    soon = clock.today() + timedelta(days=40)
    record(officer, page, birth=soon.replace(year=soon.year - 18).isoformat())
    assert only_mandate(office).valid_to == soon - timedelta(days=1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"birth": "1990-01-01"}, "18歳未満の人だけ"),
        ({"birth": ""}, "18歳未満の人だけ"),
        ({"birth": "9999-12-31"}, "生年月日を確かめて"),
        ({"birth": "0001-01-01", "basis": "paper"}, "生年月日を確かめて"),
        ({"seen": "個人番号 123456789018"}, "マイナンバー（個人番号）は書かないで"),
        ({"basis": "paper"}, "今日から1年以内"),
        ({"basis": "friend"}, "代理の種類を選んでください"),
        ({"name": ""}, "氏名を入力"),
        ({"seen": " "}, "確認した書類を入力"),
        ({"not_shielded": ""}, "支援措置の対象でないこと"),
    ],
)
def test_what_is_not_proved_is_not_recorded(office: Office, changes: dict[str, str], words: str) -> None:
    officer, _tablet, page = at_counter(office)
    refused = record(officer, page, **changes)
    assert refused.status_code == 422
    assert words in refused.text
    if changes.get("name") != "":
        assert 'value="みらい"' in refused.text  # nothing typed is lost
    with office.database.reading() as session:
        assert session.scalars(select(Mandate)).all() == []


def test_without_a_card_at_the_tablet_nothing_is_recorded(office: Office) -> None:
    officer, _tablet, page = at_counter(office, card=False)
    assert "先に、代理の人がタブレットでカードを読み取ります" in officer.get(page).text
    form = officer.get("/staff/counter/")
    assert send(officer, form, page, {"basis": "paper"}).status_code == 409


def test_another_officers_visit_is_not_found(office: Office) -> None:
    _officer, _tablet, page = at_counter(office)
    with office.database.transaction() as session:
        other = next(one for one in session.scalars(select(Staff)) if one.login != "tanto")
        other.roles = ["reception@*"]
    assert office.client(other.login).get(page).status_code == 404


def test_a_sample_card_under_shien_sochi_is_protected_from_the_first_sign_in(
    database: Database, tmp_path: Path
) -> None:
    counter = identity_counter.build(database, tmp_path / "identity")
    try:
        client = counter.client()
        identity_counter.sign_in_by_card(client, "shien")
        identity_counter.sign_in_by_card(counter.client(), "hanako")
        with database.reading() as session:
            assert [one.protected for one in session.scalars(select(Resident).order_by(Resident.id))] == [
                True,
                False,
            ]
        until = (clock.today() + timedelta(days=3)).isoformat()
        page = client.get("/account/")
        data = {"csrf_token": identity_counter.token_of(page), "valid_to": until}
        assert client.post("/mandates/", data=data).status_code == 403
    finally:
        counter.stop()
