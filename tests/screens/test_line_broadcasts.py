"""The screens for notices: written, counted, tried out, approved by a second person, sent, followed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.casework_office import PASSWORD, post, token_of
from tests.fakes.counter import sign_in
from tests.fakes.line_world import OTHER, PHONE, LineWorld, line_world
from webapp import clock
from webapp.audit import SYSTEM
from webapp.identity import sessions, staff_accounts
from webapp.identity.sessions import Holder
from webapp.jobs import notices as jobs
from webapp.messaging import templates
from webapp.messaging.topic_models import Broadcast
from webapp.messaging.topics import Choice, Owner, choose
from webapp.web.sessions import COOKIES

MORNING = datetime(2026, 11, 23, 10, 0)
NEW = "/staff/broadcasts/new"
WATER = {"topic": "water", "lane": "bulk", "title_ja": "断水のお知らせ", "body_ja": "工事のため断水します。"}


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[LineWorld]:
    made = line_world(database_url, tmp_path)
    with clock.frozen(MORNING):
        yield made
    made.services.database.dispose()


def desk(world: LineWorld, login: str, *roles: str, email: str = "") -> FlaskClient:
    """The browser of a new staff member, signed in."""
    with world.services.database.transaction() as session:
        staff = staff_accounts.create(
            session, login=login, name=login, department="pr", roles=list(roles), password=PASSWORD,
            actor=SYSTEM, email=email,
        )  # fmt: skip
        session.flush()
        holder = Holder(staff_id=staff.id, authenticated_at=clock.now())
        _, token = sessions.create(session, "staff", {}, holder, device="test")
    client = world.app.test_client()
    client.set_cookie(COOKIES["staff"], token, path="/")
    return client


@pytest.fixture
def author(world: LineWorld) -> FlaskClient:
    return desk(world, "koho", "publicist@*", email="koho@mihon.example")


@pytest.fixture
def second(world: LineWorld) -> FlaskClient:
    return desk(world, "kacho", "approver@*")


def write(client: FlaskClient, **answers: Any) -> TestResponse:
    token = token_of(client.get(NEW))
    return client.post(NEW, data={**WATER, **answers, "csrf_token": token})


def act(client: FlaskClient, action: str, number: int = 1, **answers: Any) -> TestResponse:
    page = f"/staff/broadcasts/{number}"
    return post(client, page, page, _action=action, **answers)


def test_a_notice_goes_its_whole_way(world: LineWorld, author: FlaskClient, second: FlaskClient) -> None:
    resident_id = sign_in(world.app, world.app.test_client(), email="hanako@example.jp")
    with world.services.database.transaction() as session:
        choose(session, Owner(resident_id=resident_id), [Choice("water", "honmachi")], world.services.city)
    world.tap("topic=water&area=honmachi")
    world.tap("topic=water&area=asahi", user=OTHER)
    assert write(author, areas=["honmachi"]).status_code == 303
    assert "2人" in author.get("/staff/broadcasts/1").text
    act(author, "try")
    world.work()
    assert [mail.to for mail in world.mail.received()] == ["koho@mihon.example"] * 3
    assert "承認を求めました。2人に届きます" in act_and_look(author, "ask")
    assert 'value="approve"' not in author.get("/staff/broadcasts/1").text
    refused = act(second, "approve", count="3")
    assert refused.status_code == 422
    assert "届く人数（2人）を入力してください" in refused.text
    act(second, "approve", count="2")
    jobs.send_due(world.services)
    world.work()
    jobs.send_due(world.services)
    page = second.get("/staff/broadcasts/1").text
    rows = [" ".join(row.split("</tr>")[0].split()) for row in page.split('<tr><th scope="row">')[1:]]
    assert [row.partition("<")[0] for row in rows] == ["LINE", "メール"]
    assert all("送信済" in row and "1人" in row for row in rows)
    assert "配信済み" in page
    assert "断水します" in world.words(PHONE)
    assert "断水します" not in world.words(OTHER)


def act_and_look(client: FlaskClient, action: str) -> str:
    act(client, action)
    return client.get("/staff/broadcasts/1").text


def test_an_author_without_a_second_person_gets_nowhere(world: LineWorld, second: FlaskClient) -> None:
    both = desk(world, "both", "publicist@*", "approver@*")
    write(both)
    act(both, "ask")
    refused = act(both, "approve", count="0")
    assert refused.status_code == 422
    assert "自分で書いたお知らせは承認できません" in refused.text
    assert act(second, "ask").status_code == 403


def test_a_draft_is_tried_out_on_the_own_phone(world: LineWorld, author: FlaskClient) -> None:
    write(author, title_en="Water outage", body_en="No water.")
    page = post(author, "/staff/broadcasts/phone", "/staff/broadcasts/phone", _action="code").text
    code = page.split("試し ")[1].split("<")[0]
    world.write(f"ためし {code}")
    world.write(f"試し　{code.lower()}")
    world.write(f"試し{code}", user=OTHER)
    assert "試し送りが届くようにしました" in world.words()
    assert "試し送りが届くようにしました" not in world.words(OTHER)
    act(author, "try")
    world.work()
    assert "断水します" in world.words()
    assert "No water." in world.words()
    assert "登録済みのLINE: 1台" in author.get("/staff/broadcasts/phone").text
    post(author, "/staff/broadcasts/phone", "/staff/broadcasts/phone", _action="forget")
    assert "まだありません" in author.get("/staff/broadcasts/phone").text


def test_the_code_of_a_phone_is_no_address(world: LineWorld, author: FlaskClient) -> None:
    page = post(author, "/staff/broadcasts/phone", "/staff/broadcasts/phone", _action="code").text
    code = page.split("試し ")[1].split("<")[0]
    assert world.app.test_client().get(f"/l/{code}").status_code == 404


def test_a_notice_waits_for_its_time_and_can_be_taken_back(
    world: LineWorld, author: FlaskClient, second: FlaskClient
) -> None:
    world.tap("topic=water&area=honmachi")
    for number in (1, 2):
        write(author, send_at="2026-11-23T15:00", title_ja=f"断水{number}")
        act(author, "ask", number)
        act(second, "approve", number, count="1")
    jobs.send_due(world.services)
    world.work()
    assert "断水2" not in world.words()
    act(author, "cancel", 1)
    with clock.frozen(datetime(2026, 11, 23, 15, 1)):
        jobs.send_due(world.services)
        world.work()
    assert "断水1" not in world.words()
    assert "断水2" in world.words()
    assert "取りやめ" in author.get("/staff/broadcasts").text


def test_an_emergency_starts_from_prepared_words_in_three_languages(
    world: LineWorld, author: FlaskClient
) -> None:
    page = author.get(f"{NEW}?prepared=evacuation").text
    for words in ("全員すぐに避難してください", "すぐに にげて ください", "leave now"):
        assert words in page
    emergency = {
        "topic": "disaster",
        "lane": "emergency",
        "title_easy": "にげて",
        "body_easy": "にげて ください",
    }
    refused = write(author, **emergency, title_en="Leave now")
    assert refused.status_code == 422
    assert "3つの言語のすべてで書いてください" in refused.text
    assert "Leave now" in refused.text
    assert write(author, **emergency, title_en="Leave now", body_en="Leave.").status_code == 303
    wrong = write(author, lane="emergency")
    assert "緊急として送れるのは、防災・避難の情報だけです" in wrong.text


def test_an_audience_by_age_is_counted_and_said_in_years(world: LineWorld, author: FlaskClient) -> None:
    world.tap("topic=children&year=2024&month=5")
    world.tap("topic=children&year=2022&month=1", user=OTHER)
    write(author, topic="children", born_from="2024-04", born_to="2025-03")
    page = author.get("/staff/broadcasts/1").text
    assert "1歳8か月から2歳7か月まで" in page
    assert "1人" in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"born_from": "2024"}, "年月を 2024-04 の形で入力してください"),
        ({"born_from": "2025-03", "born_to": "2024-04"}, "「から」より後の年月を入力してください"),
        ({"areas": ["nowhere"]}, "地域を選び直してください"),
        ({"url": "http://example.jp"}, "https:// から入力してください"),
        ({"send_at": "あした"}, "日時を 2026-12-01T09:00 の形で入力してください"),
    ],
)
def test_a_mistake_is_explained_and_nothing_typed_is_lost(
    author: FlaskClient, wrong: dict[str, Any], words: str
) -> None:
    answer = write(author, **wrong)
    assert answer.status_code == 422
    assert words in answer.text
    assert "工事のため断水します。" in answer.text


def test_a_quota_that_is_too_small_is_told_on_the_page(
    world: LineWorld, author: FlaskClient, second: FlaskClient
) -> None:
    from webapp.ports.line import Quota

    world.tap("topic=water&area=honmachi")
    world.line.quota = lambda: Quota(10, 10)  # type: ignore[method-assign]
    write(author)
    act(author, "ask")
    act(second, "approve", count="1")
    jobs.send_due(world.services)
    assert "足りません" in author.get("/staff/broadcasts/1").text
    with world.services.database.reading() as session:
        assert session.scalars(select(Broadcast.status)).one() == "draft"


@pytest.mark.drawn
@pytest.mark.parametrize("name", sorted(templates.load().templates))
def test_every_template_is_shown_as_it_arrives(author: FlaskClient, name: str) -> None:
    page = author.get(f"/staff/message-templates/{name}").text
    template = templates.load().template(name)
    for lang in ("ja", "easy", "en"):
        assert template.why.in_(lang) in page
    assert "LINEで送れないところがあります" not in page
    bubbles = [part.split("</p>")[0] for part in page.split(">LINE</h4>")[1:]]
    assert len(bubbles) == 3 * len(template.samples)
    assert not any("見本　花子" in bubble or "26-0000-0000" in bubble for bubble in bubbles)


def test_others_see_no_notices(world: LineWorld) -> None:
    reviewer = desk(world, "shinsa", "reviewer@citizen")
    for path in ("/staff/broadcasts", NEW, "/staff/broadcasts/phone", "/staff/message-templates"):
        assert reviewer.get(path).status_code == 403, path
