"""Residents sign in, come back to where they were, and lose nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.fakes.identity_counter import Counter, build, callback_address, post, sign_in_by_card, token_of
from webapp import clock
from webapp.db import Database
from webapp.identity.models import IdentityLink, Resident, SignInFlow, WebSession


@pytest.fixture
def counter(database: Database, tmp_path: Path) -> Iterator[Counter]:
    built = build(database, tmp_path / "identity")
    yield built
    built.stop()


def test_a_resident_signs_in_by_card_and_reaches_the_own_page(counter: Counter) -> None:
    client = counter.client()
    answer = sign_in_by_card(client)
    assert answer.status_code == 303
    assert client.get(answer.headers["Location"]).text == "わたしの手続き card"


def test_the_same_card_twice_is_one_resident_and_another_card_is_another(counter: Counter) -> None:
    for card in ("hanako", "hanako", "taro"):
        sign_in_by_card(counter.client(), card)
    with counter.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Resident)) == 2


def test_the_cookie_changes_at_sign_in_and_the_old_one_is_dead(counter: Counter) -> None:
    client = counter.client()
    client.get("/sign-in")
    before = client.get_cookie("madoguchi")
    sign_in_by_card(client)
    after = client.get_cookie("madoguchi")
    assert before
    assert after
    assert before.value != after.value
    thief = counter.client()
    thief.set_cookie("madoguchi", before.value)
    assert thief.get("/my").status_code == 303


def test_the_cookie_is_http_only_and_lax_and_its_value_is_not_in_the_database(counter: Counter) -> None:
    client = counter.client()
    header = client.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    cookie = client.get_cookie("madoguchi")
    assert cookie
    with counter.database.reading() as session:
        assert cookie.value not in set(session.scalars(select(WebSession.token_hash)))


def test_sign_in_leads_back_to_the_page_that_asked(counter: Counter) -> None:
    client = counter.client()
    refused = client.get("/account/sessions")
    assert refused.status_code == 303
    assert "next=/account/sessions" in refused.headers["Location"].replace("%2F", "/")
    answer = sign_in_by_card(client, next_path="/account/sessions")
    assert answer.headers["Location"] == "/account/sessions"


@pytest.mark.parametrize(
    "wish",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "https:evil.example",
        "/account/\r\nX: y",
        "/staff/accounts/",
        "javascript:alert(1)",
        "/no-such-page",
        "http://u:p@localhost/account/",
    ],
)
def test_a_wish_to_go_elsewhere_ends_on_the_own_page(counter: Counter, wish: str) -> None:
    assert sign_in_by_card(counter.client(), next_path=wish).headers["Location"] == "/my"


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        ("cancel", "本人確認を中止しました"),
        ("expired", "有効期限が切れています"),
        ("revoked", "カードが失効しています"),
        ("wrong_pin", "暗証番号が違います"),
        ("pin_locked", "ロックされています"),
        ("down", "本人確認のサービスにつながりません"),
    ],
)
def test_an_unhappy_outcome_says_what_to_do_and_signs_nobody_in(
    counter: Counter, outcome: str, sentence: str
) -> None:
    client = counter.client()
    answer = sign_in_by_card(client, outcome=outcome)
    assert answer.status_code in (400, 503)
    assert sentence in answer.text
    assert client.get("/my").status_code == 303


def test_a_callback_in_another_browser_is_explained_and_not_taken(counter: Counter) -> None:
    address = callback_address(counter.client())
    other = counter.client()
    answer = other.get(address)
    assert answer.status_code == 400
    assert "別のブラウザで開かれました" in answer.text
    assert other.get("/my").status_code == 303


def test_a_callback_is_taken_once(counter: Counter) -> None:
    client = counter.client()
    address = callback_address(client)
    assert client.get(address).status_code == 303
    assert client.get(address).status_code == 400


def test_a_flow_ends_after_ten_minutes(counter: Counter) -> None:
    client = counter.client()
    address = callback_address(client)
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        assert client.get(address).status_code == 400


def test_no_secret_of_a_flow_is_in_the_browser(counter: Counter) -> None:
    client = counter.client()
    callback_address(client)
    with counter.database.reading() as session:
        flow = session.scalars(select(SignInFlow)).one()
    cookie = client.get_cookie("madoguchi")
    assert cookie
    assert all(secret not in cookie.value for secret in flow.secrets.values())


def test_signing_out_kills_the_session_on_the_server(counter: Counter) -> None:
    client = counter.client()
    sign_in_by_card(client)
    cookie = client.get_cookie("madoguchi")
    assert cookie
    answer = post(client, "/account/", "/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    client.set_cookie("madoguchi", cookie.value)
    assert client.get("/my").status_code == 303


def test_a_form_without_a_token_keeps_what_was_typed_and_works_the_second_time(counter: Counter) -> None:
    client = counter.client()
    answer = client.post("/echo", data={"text": ["一行目\n<b>二行目</b>", "髙橋"]})
    assert answer.status_code == 400
    assert "もう一度送る" in answer.text
    assert "&lt;b&gt;二行目" in answer.text
    again = client.post("/echo", data={"csrf_token": token_of(answer), "text": ["一行目", "髙橋"]})
    assert again.text == "受け取った内容：一行目、髙橋"


def test_an_expired_session_gives_the_typed_text_back_after_sign_in(counter: Counter) -> None:
    client = counter.client()
    sign_in_by_card(client)
    token = token_of(client.get("/account/"))
    with clock.frozen(clock.now() + timedelta(hours=5)):
        refused = client.post("/my/note", data={"csrf_token": token, "text": "長い文章"})
        assert refused.status_code == 303
        assert refused.headers["Location"].startswith("/sign-in?next=")
        back = sign_in_by_card(client, next_path="/sign-in/again")
        page = client.get(back.headers["Location"])
        assert "長い文章" in page.text
        sent = client.post("/my/note", data={"csrf_token": token_of(page), "text": "長い文章"})
        assert sent.text == "書いた内容：長い文章"


def test_another_person_at_the_same_browser_does_not_see_the_typed_text(counter: Counter) -> None:
    client = counter.client()
    sign_in_by_card(client, "hanako")
    token = token_of(client.get("/account/"))
    with clock.frozen(clock.now() + timedelta(hours=5)):
        client.post("/my/note", data={"csrf_token": token, "text": "ひみつ"})
        back = sign_in_by_card(client, "taro", next_path="/sign-in/again")
        page = client.get(back.headers["Location"], follow_redirects=True)
        assert "ひみつ" not in page.text


def test_a_form_outlives_a_long_phone_call(counter: Counter) -> None:
    client = counter.client()
    sign_in_by_card(client)
    token = token_of(client.get("/account/"))
    with clock.frozen(clock.now() + timedelta(hours=3, minutes=50)):
        assert client.post("/my/note", data={"csrf_token": token, "text": "続き"}).status_code == 200


def test_a_post_from_another_site_is_refused_without_an_offer_to_send_again(counter: Counter) -> None:
    client = counter.client()
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = client.post("/echo", data={"text": "x"}, headers=headers)
        assert answer.status_code == 403
        assert "もう一度送る" not in answer.text


def test_a_resident_changes_the_profile_and_the_card_stays_beside_it(counter: Counter) -> None:
    client = counter.client()
    sign_in_by_card(client)
    answer = post(
        client,
        "/account/profile",
        "/account/profile",
        {
            "name": "見本　花",
            "kana": "みほん　はな",
            "tel": "０９０−１２３４−５６７８",
            "email": "hana@example.jp",
        },
    )
    assert answer.status_code == 303
    page = client.get("/account/").text
    assert "見本　花" in page
    assert "見本　花子" in page
    assert "ミホン　ハナ" in page
    assert "登録した内容と違います" in page


def test_a_wrong_profile_keeps_everything_typed(counter: Counter) -> None:
    client = counter.client()
    sign_in_by_card(client)
    answer = post(
        client,
        "/account/profile",
        "/account/profile",
        {"name": "見本　花子", "tel": "12-3", "birth.year": "1985", "birth.month": "13", "birth.day": "1"},
    )
    assert answer.status_code == 422
    assert 'value="12-3"' in answer.text
    assert "0から始まる10けたか11けた" in answer.text
    assert "正しい日付" in answer.text


def test_a_profile_without_end_is_refused_and_costs_no_time(counter: Counter) -> None:
    client = counter.client()
    sign_in_by_card(client)
    endless = {"name": "見本", "address.town": "市" * 100_000}
    answer = post(client, "/account/profile", "/account/profile", endless)
    assert answer.status_code == 422
    assert "200文字以内" in answer.text


def test_a_resident_ends_another_sign_in(counter: Counter) -> None:
    phone, tablet = counter.client(), counter.client()
    sign_in_by_card(phone)
    sign_in_by_card(tablet)
    with counter.database.reading() as session:
        latest = session.scalar(select(func.max(WebSession.id)).where(WebSession.resident_id.isnot(None)))
    assert post(phone, "/account/sessions", f"/account/sessions/{latest}/end").status_code == 303
    assert tablet.get("/my").status_code == 303


def test_nobody_ends_the_sign_in_of_somebody_else(counter: Counter) -> None:
    mine, other = counter.client(), counter.client()
    sign_in_by_card(mine, "hanako")
    sign_in_by_card(other, "taro")
    with counter.database.reading() as session:
        taro = session.scalars(select(WebSession).order_by(WebSession.id.desc())).first()
    assert taro
    assert post(mine, "/account/", f"/account/sessions/{taro.id}/end").status_code == 404
    assert other.get("/my").status_code == 200


def test_a_resident_takes_the_own_data_along(counter: Counter) -> None:
    client = counter.client()
    sign_in_by_card(client)
    data = client.get("/account/export").get_json()
    assert data["profile"]["name"] == "見本　花子"
    assert data["proofs"][0]["level"] == "card"


def test_closing_the_account_deletes_profile_and_proofs_and_ends_the_session(counter: Counter) -> None:
    client = counter.client()
    sign_in_by_card(client)
    assert post(client, "/account/close", "/account/close").status_code == 422
    post(client, "/account/close", "/account/close", {"agree": "yes"})
    assert client.get("/my").status_code == 303
    with counter.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(IdentityLink)) == 0
        assert session.scalars(select(Resident)).one().profile == {}


def test_an_error_page_has_a_number_and_a_telephone(counter: Counter) -> None:
    page = counter.client().get("/broken")
    assert page.status_code == 500
    assert "お問い合わせ番号" in page.text
    assert "tel:" in page.text


def test_every_answer_carries_the_protecting_headers(counter: Counter) -> None:
    client = counter.client()
    for address in ("/sign-in", "/no-such-page", "/broken", "/my", "/staff/sign-in"):
        headers = client.get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Cache-Control" in headers


def test_the_permissions_policy_names_only_features_that_browsers_know(counter: Counter) -> None:
    policy = counter.client().get("/sign-in").headers["Permissions-Policy"]
    known = {
        *("camera", "geolocation", "microphone", "payment", "usb", "serial", "display-capture"),
        *("publickey-credentials-get", "publickey-credentials-create"),
    }
    assert {part.split("=")[0].strip() for part in policy.split(",")} <= known
