"""The talk with the official account, from the phone's tap through webhook and worker back to the phone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from integrations.line.sandbox import SandboxLine, sign
from tests.fakes.counter import sign_in
from tests.fakes.line_world import OTHER, PHONE, LineWorld, line_world
from webapp.chat.models import OpenQuestion
from webapp.messaging import line_lint
from webapp.messaging.line_models import LineDelivery, LineEvent
from webapp.messaging.models import LineAccount
from webapp.messaging.topics import Choice, Owner, choose, of


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[LineWorld]:
    made = line_world(database_url, tmp_path)
    yield made
    made.services.database.dispose()


def event(number: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "message", "webhookEventId": f"01EVENT{number:019d}", "timestamp": 1_790_000_000_000 + number,
        "mode": "active", "source": {"type": "user", "userId": PHONE}, "replyToken": f"r{number}",
        "message": {"type": "text", "id": str(number), "text": "住民票"}, **more,
    }  # fmt: skip


def body(*events: dict[str, Any]) -> bytes:
    return json.dumps({"destination": "U", "events": list(events)}).encode()


def count(world: LineWorld, model: Any) -> int:
    with world.services.database.reading() as session:
        return session.scalars(select(func.count()).select_from(model)).one()


def test_a_forged_or_missing_signature_is_400_and_nothing_is_kept(world: LineWorld) -> None:
    assert world.deliver(body(event(1)), "forged") == 400
    assert world.deliver(body(event(1)), "") == 400
    assert count(world, LineDelivery) == 0


def test_two_secrets_count_while_one_is_replaced(world: LineWorld) -> None:
    raw = body()
    with_two = type("Rotating", (SandboxLine,), {"webhook_secrets": ("new", "old")})
    world.app.extensions["madoguchi"] = replace(world.services, line=with_two(Path("unused")))
    assert [world.deliver(raw, sign(raw, secret)) for secret in ("old", "new", "older")] == [200, 200, 400]


@pytest.mark.parametrize("raw", [b"", b"not json", b"[]", b'{"events": 5}', b'{"events":[1,{"type":"x"}]}'])
def test_a_signed_but_malformed_body_is_kept_and_answered_200(world: LineWorld, raw: bytes) -> None:
    assert world.deliver(raw, sign(raw)) == 200
    with world.services.database.reading() as session:
        assert session.scalars(select(LineDelivery.error)).one() != ""
    world.work()


def test_the_verify_button_of_lines_console_gets_200(world: LineWorld) -> None:
    assert world.deliver(body(), sign(body())) == 200


def test_the_same_event_ten_times_acts_once(world: LineWorld) -> None:
    for _ in range(10):
        world.deliver(body(event(1)), sign(body(event(1))))
    world.work()
    assert count(world, LineEvent) == 1
    found = [message for message in world.talk() if message.get("text") == "こちらでしょうか。"]
    assert len(found) <= 1


def test_unknown_events_are_ignored(world: LineWorld) -> None:
    raw = body(event(1, type="messageEdited"), event(2, type="videoPlayComplete"))
    assert world.deliver(raw, sign(raw)) == 200
    world.work()
    assert world.talk() == []


def test_an_old_unfollow_does_not_undo_a_newer_follow(world: LineWorld) -> None:
    for raw in (body(event(5, type="follow")), body(event(2, type="unfollow"))):
        world.deliver(raw, sign(raw))
        world.work()
    with world.services.database.reading() as session:
        assert session.scalars(select(LineAccount.reachable)).one() is True


def test_unsend_removes_what_was_said(world: LineWorld) -> None:
    raw = body(event(1), event(2, type="unsend", unsend={"messageId": "1"}, message=None))
    world.deliver(raw, sign(raw))
    world.work()
    with world.services.database.reading() as session:
        kept = json.dumps([row.body for row in session.scalars(select(LineEvent))], ensure_ascii=False)
        assert "住民票" not in kept
        assert session.scalars(select(LineDelivery)).all() == []


def test_following_is_greeted_with_the_menu(world: LineWorld) -> None:
    world.follow()
    assert "友だち追加ありがとうございます" in world.words()


def test_plain_words_lead_to_the_procedure_with_the_office_hours(world: LineWorld) -> None:
    world.write("粗大ごみ")
    words = world.words()
    assert "/procedures/sodai-gomi" in words
    assert "電話" in words
    for message in world.talk():
        assert line_lint.complaints([message]) == []


def test_a_question_without_an_answer_is_collected_for_staff(world: LineWorld) -> None:
    world.write("火星への引っ越し許可 ☄")
    world.write("xyzzy")
    assert "見つかりませんでした" in world.words()
    assert count(world, OpenQuestion) >= 1


def test_areas_and_topics_are_chosen_in_a_few_taps(world: LineWorld) -> None:
    for data in ("do=topics", "topic=garbage", "topic=garbage&district=chuo", "topic=garbage&area=honmachi"):
        world.tap(data)
    world.tap("topic=children&year=2024&month=5")
    with world.services.database.reading() as session:
        account = session.scalars(select(LineAccount)).one()
        chosen = of(session, Owner(line_account_id=account.id))
    assert chosen == [Choice("children", "", "2024-05"), Choice("garbage", "honmachi", "")]
    world.tap("do=garbage")
    assert "本町" in world.words()
    world.tap("topic=garbage&stop=1")
    assert "このお知らせを止めました" in world.words()


def test_a_report_starts_from_a_link_that_leads_to_its_page(world: LineWorld) -> None:
    world.tap("do=report")
    path = world.words().split("http://localhost")[1].split('"')[0]
    answer = world.app.test_client().get(path)
    assert answer.status_code == 302
    assert answer.location.endswith("/procedures/road-report")


def test_the_link_of_a_report_works_once_as_its_words_say(world: LineWorld) -> None:
    world.tap("do=report")
    assert "1回だけ" in world.words()
    path = world.words().split("http://localhost")[1].split('"')[0]
    looking, first, second = (world.app.test_client() for _ in range(3))
    assert looking.head(path).status_code == 302
    assert first.get(path).status_code == 302
    refused = second.get(path)
    assert refused.status_code == 404
    assert "もう一度トークから始めてください" in refused.text


def test_the_language_of_the_talk_can_be_changed(world: LineWorld) -> None:
    world.tap("lang=en")
    world.tap("do=person")
    assert "Our staff will help you" in world.words()


def test_a_resident_links_the_phone_and_takes_it_back(world: LineWorld) -> None:
    world.tap("do=link")
    address = world.words().split("http://localhost")[1].split('"')[0]
    client = world.app.test_client()
    resident_id = sign_in(world.app, client)
    page = client.get(address)
    token = page.text.split('name="token" value="')[1].split('"')[0]
    csrf = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    done = client.post("/line/link", data={"token": token, "csrf_token": csrf})
    back = done.text.split('href="/sandbox/line/accountLink?')[1].split('"')[0].replace("&amp;", "&")
    statuses: list[str] = []
    environ = {"PATH_INFO": "/accountLink", "QUERY_STRING": back, "SCRIPT_NAME": "/sandbox/line"}
    world.phones()(environ, lambda status, headers: statuses.append(status))  # type: ignore[arg-type,misc,return-value]
    world.work()
    assert statuses == ["303 See Other"]
    assert "連携しました" in world.words()
    with world.services.database.reading() as session:
        assert session.scalars(select(LineAccount.resident_id)).one() == resident_id
    page = client.get("/line")
    action = page.text.split('action="/line/')[1].split('"')[0]
    client.post(f"/line/{action}", data={"csrf_token": csrf})
    with world.services.database.reading() as session:
        assert session.scalars(select(LineAccount.resident_id)).one() is None


def test_a_nonce_works_once(world: LineWorld) -> None:
    from webapp.messaging import linking

    client = world.app.test_client()
    resident_id = sign_in(world.app, client)
    with world.services.database.transaction() as session:
        nonce = linking.start(session, resident_id)
    for number, user in enumerate((PHONE, OTHER)):
        source = {"type": "user", "userId": user}
        raw = body(event(number, type="accountLink", source=source, link={"result": "ok", "nonce": nonce}))
        world.deliver(raw, sign(raw))
        world.work()
    with world.services.database.reading() as session:
        linked = session.scalars(
            select(LineAccount.user_id).where(LineAccount.resident_id.is_not(None))
        ).all()
    assert linked == [PHONE]


def test_the_phone_page_shows_talk_menu_and_taps(world: LineWorld) -> None:
    world.follow()
    seen: list[str] = []
    environ = {
        "PATH_INFO": f"/{PHONE}",
        "QUERY_STRING": "",
        "SCRIPT_NAME": "/sandbox/line",
        "REQUEST_METHOD": "GET",
    }
    (page,) = world.phones()(environ, lambda status, headers: seen.append(status))  # type: ignore[arg-type,misc,return-value]
    assert seen == ["200 OK"]
    assert "友だち追加ありがとうございます" in page.decode()
    assert "LINE連携" in page.decode()


def test_with_line_switched_off_the_webhook_does_not_exist(world: LineWorld) -> None:
    world.app.extensions["madoguchi"] = replace(world.services, line=None)
    assert world.deliver(body(), sign(body())) == 404


def test_topics_are_chosen_on_the_web_too(world: LineWorld) -> None:
    client = world.app.test_client()
    resident_id = sign_in(world.app, client, email="hanako@example.jp")
    page = client.get("/topics")
    csrf = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    missing = client.post("/topics", data={"csrf_token": csrf, "topics": ["garbage"]})
    assert missing.status_code == 422
    assert "地域を1つ以上選んでください" in missing.text
    done = client.post(
        "/topics", data={"csrf_token": csrf, "topics": ["garbage", "events"], "areas": ["asahi", "chuo"]}
    )
    assert done.status_code == 303
    with world.services.database.reading() as session:
        assert len(of(session, Owner(resident_id=resident_id))) == 3


def test_the_page_keeps_apart_what_the_chat_chose_for_different_areas(world: LineWorld) -> None:
    client = world.app.test_client()
    resident_id = sign_in(world.app, client)
    mine = Owner(resident_id=resident_id)
    before = [Choice("garbage", "honmachi"), Choice("disaster", "honmachi"), Choice("disaster", "asahi")]
    with world.services.database.transaction() as session:
        choose(session, mine, before, world.services.city)
    page = client.get("/topics")
    assert "メールアドレスが登録されていません" in page.text
    csrf = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    wanted = ["garbage", "disaster"]
    for areas in (["honmachi", "asahi"], ["honmachi", "asahi", "chuo"]):
        client.post("/topics", data={"csrf_token": csrf, "topics": wanted, "areas": areas})
    with world.services.database.reading() as session:
        chosen = {topic: {c.area for c in of(session, mine) if c.topic == topic} for topic in wanted}
    assert chosen == {"garbage": {"honmachi", "chuo"}, "disaster": {"honmachi", "asahi", "chuo"}}
