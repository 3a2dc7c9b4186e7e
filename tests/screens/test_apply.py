"""The resident's way through a procedure, on the real app."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.fakes.counter import adopt, counter, draft_token, send, sign_in
from tests.fakes.procedures import sample


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Flask:
    return counter(database_url, tmp_path, sample())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def begin(client: FlaskClient) -> str:
    page = client.get("/apply/start/sample-certificate")
    assert page.status_code == 200, page.get_data(as_text=True)[:2000]
    started = send(client, page, "/apply/start/sample-certificate", {})
    assert started.status_code == 303
    return draft_token(started.location)


def fill(client: FlaskClient, token: str, key: str, **typed: object) -> str:
    """Fill one page and go on; returns where the way leads."""
    url = f"/apply/{token}/pages/{key}"
    answer = send(client, client.get(url), url, {**typed, "_action": "next"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.location


def fill_all(client: FlaskClient, token: str) -> None:
    fill(client, token, "what", kind="full", copies="２")
    fill(client, token, "you", applicant_name="髙﨑 𠮷子", applicant_tel="0773-66-1000")
    assert fill(client, token, "papers").endswith("/check")


def test_a_visitor_gets_from_start_to_receipt(client: FlaskClient) -> None:
    token = begin(client)
    fill_all(client, token)
    check = client.get(f"/apply/{token}/check")
    assert "髙﨑 𠮷子" in check.get_data(as_text=True)
    assert "600円" in check.get_data(as_text=True)
    sent = send(client, check, f"/apply/{token}/check", {"declared": "yes"})
    assert sent.status_code == 303, sent.get_data(as_text=True)
    receipt = client.get(sent.location).get_data(as_text=True)
    assert "受付番号" in receipt
    assert "照会用パスワード" in receipt
    assert "お電話します" in receipt


def test_sending_needs_the_declaration(client: FlaskClient) -> None:
    token = begin(client)
    fill_all(client, token)
    refused = send(client, client.get(f"/apply/{token}/check"), f"/apply/{token}/check", {})
    assert refused.status_code == 422
    assert "チェックを入れてください" in refused.get_data(as_text=True)


def test_a_double_click_shows_the_same_receipt(client: FlaskClient) -> None:
    token = begin(client)
    fill_all(client, token)
    check = client.get(f"/apply/{token}/check")
    first = send(client, check, f"/apply/{token}/check", {"declared": "yes"})
    second = send(client, check, f"/apply/{token}/check", {"declared": "yes"})
    pages = [client.get(answer.location).get_data(as_text=True) for answer in (first, second)]
    numbers = [page.split('class="reference-number">')[1][:12] for page in pages]
    assert numbers[0] == numbers[1]


def test_wrong_answers_stay_typed_and_say_what_to_do(client: FlaskClient) -> None:
    token = begin(client)
    url = f"/apply/{token}/pages/what"
    answer = send(client, client.get(url), url, {"copies": "たくさん", "_action": "next"})
    body = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="たくさん"' in body
    assert "error-summary" in body
    assert 'value="たくさん"' in client.get(url).get_data(as_text=True)


def test_a_condition_shows_its_question_as_soon_as_the_answer_is_saved(client: FlaskClient) -> None:
    token = begin(client)
    url = f"/apply/{token}/pages/what"
    part = send(client, client.get(url), url, {"kind": "part"}, htmx=True)
    body = part.get_data(as_text=True)
    assert 'name="which"' in body
    assert "<html" not in body


def test_an_answer_that_changes_nothing_else_swaps_nothing(client: FlaskClient) -> None:
    token = begin(client)
    url = f"/apply/{token}/pages/you"
    saved = send(client, client.get(url), url, {"applicant_name": "山田"}, htmx=True)
    assert saved.headers["HX-Reswap"] == "none"
    assert 'value="山田"' in client.get(url).get_data(as_text=True)


def test_two_tabs_lose_nothing(client: FlaskClient) -> None:
    token = begin(client)
    url = f"/apply/{token}/pages/you"
    first, second = client.get(url), client.get(url)
    send(client, first, url, {"applicant_name": "山田"}, htmx=True)
    send(client, second, url, {"applicant_tel": "0773661000"}, htmx=True)
    body = client.get(url).get_data(as_text=True)
    assert 'value="山田"' in body
    assert "0773" in body


def test_the_same_answer_in_two_tabs_keeps_both_texts(client: FlaskClient) -> None:
    token = begin(client)
    url = f"/apply/{token}/pages/you"
    first, second = client.get(url), client.get(url)
    send(client, first, url, {"applicant_name": "山田"}, htmx=True)
    send(client, second, url, {"applicant_name": "山口"}, htmx=True)
    body = client.get(url).get_data(as_text=True)
    assert 'value="山口"' in body
    assert "前の内容: 山田" in body
    taken = send(client, client.get(url), url, {"_action": "take_back:applicant_name"}, htmx=True)
    assert 'value="山田"' in taken.get_data(as_text=True)


def test_a_draft_goes_on_from_another_device_after_sign_in(app: Flask, client: FlaskClient) -> None:
    resident_id = sign_in(app, client)
    token = begin(client)
    fill(client, token, "what", kind="full", copies="1")
    other = app.test_client()
    adopt(app, other, resident_id)
    assert "見本証明書の請求" in other.get("/my").get_data(as_text=True)
    assert other.get(f"/apply/{token}").location.endswith("/pages/you")


def test_a_stranger_cannot_open_a_draft(app: Flask, client: FlaskClient) -> None:
    token = begin(client)
    stranger = app.test_client()
    sign_in(app, stranger)
    assert stranger.get(f"/apply/{token}").status_code == 404


def test_what_card_and_profile_know_is_filled_in_and_marked(app: Flask, client: FlaskClient) -> None:
    sign_in(app, client)
    token = begin(client)
    body = client.get(f"/apply/{token}/pages/you").get_data(as_text=True)
    assert 'value="見本 花子"' in body
    assert "マイナンバーカードの情報です" in body
    assert "登録してある情報です" in body


def test_typed_text_survives_the_end_of_the_session(app: Flask, client: FlaskClient) -> None:
    token = begin(client)
    url = f"/apply/{token}/pages/you"
    page = client.get(url)
    client.delete_cookie("madoguchi")
    again = send(client, page, url, {"applicant_name": "山田", "_action": "next"})
    assert again.status_code == 400
    sent = send(client, again, url, {})
    assert sent.status_code in (303, 422)
    assert 'value="山田"' in client.get(url).get_data(as_text=True)


def test_typed_text_of_a_resident_is_saved_after_sign_out_and_shown_to_nobody(
    app: Flask, client: FlaskClient
) -> None:
    resident_id = sign_in(app, client)
    token = begin(client)
    url = f"/apply/{token}/pages/you"
    page = client.get(url)
    client.delete_cookie("madoguchi")
    again = send(client, page, url, {"applicant_tel": "09012345678", "_action": "next"})
    sent = send(client, again, url, {})
    assert sent.status_code == 303
    assert "/sign-in" in sent.location
    assert client.get(url).status_code == 404
    back = app.test_client()
    adopt(app, back, resident_id)
    assert "09012345678" in back.get(url).get_data(as_text=True).replace("-", "")


def test_an_individual_number_is_not_even_kept_in_the_draft(client: FlaskClient) -> None:
    token = begin(client)
    url = f"/apply/{token}/pages/you"
    saved = send(client, client.get(url), url, {"applicant_name": "123456789018"}, htmx=True)
    assert "マイナンバー" in saved.get_data(as_text=True)
    assert "123456789018" not in client.get(url).get_data(as_text=True)


def test_a_stop_ends_the_way_with_what_to_do_instead(client: FlaskClient) -> None:
    token = begin(client)
    location = fill(client, token, "what", kind="full", copies="9")
    body = client.get(location).get_data(as_text=True)
    assert "9通以上はオンラインで請求できません" in body
    assert "窓口で請求してください" in body


def test_rows_are_added_and_removed_without_javascript(client: FlaskClient) -> None:
    token = begin(client)
    url = f"/apply/{token}/pages/papers"
    added = send(client, client.get(url), url, {"_action": "add_row:children"})
    assert added.status_code == 303
    page = client.get(url)
    assert "children[r1].name" in page.get_data(as_text=True)
    send(client, page, url, {"children[r1].name": "みほん 一郎", "_action": "add_row:children"})
    assert "みほん 一郎" in client.get(url).get_data(as_text=True)
    send(client, client.get(url), url, {"_action": "remove_row:children[r1]"})
    assert "みほん 一郎" not in client.get(url).get_data(as_text=True)


PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IEND\xae\x42\x60\x82"


def test_a_photo_is_uploaded_previewed_and_removed(client: FlaskClient) -> None:
    token = begin(client)
    url = f"/apply/{token}/pages/papers"
    upload = {"photo": (io.BytesIO(PNG), "my photo.png"), "_action": "add"}
    body = send(client, client.get(url), url, upload, htmx=True).get_data(as_text=True)
    assert "my photo.png" in body
    preview = body.split('src="')[1].split('"')[0]
    shown = client.get(preview)
    assert shown.mimetype == "image/png"
    assert shown.headers["Content-Security-Policy"].endswith("sandbox")
    button = body.split('value="remove_file:')[1].split('"')[0]
    gone = send(client, client.get(url), url, {"_action": f"remove_file:{button}"}, htmx=True)
    assert "my photo.png" not in gone.get_data(as_text=True)
    assert client.get(preview).status_code == 404


def test_a_program_with_the_name_of_a_photo_is_refused(client: FlaskClient) -> None:
    token = begin(client)
    url = f"/apply/{token}/pages/papers"
    upload = {"photo": (io.BytesIO(b"MZ\x90\0" * 20), "photo.png"), "_action": "add"}
    body = send(client, client.get(url), url, upload, htmx=True).get_data(as_text=True)
    assert "受け取れません" in body


def test_a_postal_code_fills_the_address_and_a_wrong_one_blocks_nothing(client: FlaskClient) -> None:
    token = begin(client)
    url = f"/apply/{token}/pages/you"
    typed = {"applicant_name": "山田", "applicant_tel": "0773661000", "address.postal": "154-0023"}
    found = send(client, client.get(url), url, {**typed, "_action": "lookup:address"}, htmx=True)
    assert "世田谷区" in found.get_data(as_text=True)
    unknown = {**typed, "address.postal": "9999999", "_action": "lookup:address"}
    missed = send(client, client.get(url), url, unknown, htmx=True)
    assert "見つかりませんでした" in missed.get_data(as_text=True)


def test_one_postal_code_for_two_prefectures_offers_a_choice(client: FlaskClient) -> None:
    token = begin(client)
    url = f"/apply/{token}/pages/you"
    page = client.get(url)
    body = send(client, page, url, {"address.postal": "498-0000", "_action": "lookup:address"}, htmx=True)
    assert "愛知県弥富市" in body.get_data(as_text=True)
    chosen = {"address.postal": "4980000", "address._candidate": "三重県桑名郡木曽岬町"}
    done = send(client, body, url, chosen, htmx=True)
    assert "木曽岬町" in done.get_data(as_text=True)


def test_applying_twice_for_the_same_thing_warns(client: FlaskClient) -> None:
    for _ in range(2):
        token = begin(client)
        fill_all(client, token)
        check = client.get(f"/apply/{token}/check")
        send(client, check, f"/apply/{token}/check", {"declared": "yes"})
    assert "同じ内容の申請があります" in check.get_data(as_text=True)


@pytest.mark.parametrize("lang", ["ja", "easy", "en"])
def test_every_screen_of_the_way_opens_in_every_language(client: FlaskClient, lang: str) -> None:
    token = begin(client)
    for path in ("start/sample-certificate", f"{token}/pages/what", f"{token}/saved", f"{token}/check"):
        assert client.get(f"/apply/{path}?lang={lang}").status_code == 200


def test_someone_who_cannot_do_it_here_is_told_before_they_begin(database_url: str, tmp_path: Path) -> None:
    stop = {
        "key": "not_here",
        "if": {"person": "is_resident", "is": False},
        "reason": "市内の方だけが請求できます。",
        "instead": "お住まいの市町村に請求してください。",
    }
    app = counter(database_url, tmp_path, sample(stops=[stop]))
    client = app.test_client()
    sign_in(app, client)
    body = client.get("/apply/start/sample-certificate").get_data(as_text=True)
    assert "お住まいの市町村に請求してください" in body
    assert "書き始める" not in body


def test_marks_nested_without_end_save_the_answers_all_the_same(database_url: str, tmp_path: Path) -> None:
    client = counter(database_url, tmp_path, sample()).test_client()
    start = "/apply/start/sample-certificate"
    url = client.get(send(client, client.get(start), start, {}).location, follow_redirects=True).request.path
    typed = {"kind": "full", "copies": "2", "_action": "next", "_seen": "[" * 100_000}
    assert send(client, client.get(url), url, typed).status_code == 303


def test_a_procedure_that_needs_the_card_asks_for_it_first(database_url: str, tmp_path: Path) -> None:
    client = counter(database_url, tmp_path, sample(identity={"level": "card"})).test_client()
    asked = client.get("/apply/start/sample-certificate")
    assert asked.status_code == 302
    assert "/sign-in" in asked.location
    assert "level=card" in asked.location
