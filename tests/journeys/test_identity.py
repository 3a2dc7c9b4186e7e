"""Who one is, in the browser: step-up without losing a word, the counter's tablet, passkeys, ended sign-ins."""

from __future__ import annotations

import re
from collections.abc import Callable

import pyotp

from tests.journeys import steps
from tests.journeys.person import Person
from webapp import clock

WISH = "みほん駅の近くで、畑のある平屋を借りたい。髙﨑"


def test_signing_in_in_the_middle_of_a_form_loses_nothing(phone: Person) -> None:
    """An answer makes the sign-in necessary; the person stops, meets an error, and then reads the card."""
    begin_vacant_house(phone)
    for path, text in (
        ("name", "見本　花子"),
        ("name_kana", "みほん　はなこ"),
        ("address.postal", "100-0001"),
    ):
        steps.type_into(phone, path, text)
    phone.press("住所を入れる")
    for path, text in (("address.block", "1-1"), ("tel", "09012345678"), ("email", "hana@mihon.example")):
        steps.type_into(phone, path, text)
    phone.press("次へ進む")
    phone.press("本人の確認へ進む")
    phone.press("マイナンバーカードで本人確認する")
    steps.read_card(phone, outcome="cancel")
    phone.sees("本人確認を中止しました")
    phone.press("もう一度本人確認をする")
    phone.press("マイナンバーカードで本人確認する")
    steps.read_card(phone, outcome="down")
    phone.sees("本人確認のサービスにつながりません")
    phone.press("前の画面に戻る")
    phone.sees(WISH)
    phone.press("本人の確認へ進む")
    phone.press("マイナンバーカードで本人確認する")
    steps.read_card(phone)
    phone.sees(WISH)
    steps.send(phone)


def test_a_person_at_the_counter_uses_the_tablet_and_a_sign_in_is_ended(
    enter: Callable[..., Person],
) -> None:
    desk, tablet = enter(width=1280), enter(width=768, height=1024)
    steps.staff_sign_in(desk, "madoguchi")
    desk.goto("/staff/counter/")
    desk.press("来庁した人の手続きをはじめる")
    tablet.goto("/counter/")
    steps.type_into(tablet, "code", desk.page.locator("main code").first.inner_text())
    tablet.press("はじめる")
    tablet.press("カードを読み取る")
    tablet.press("マイナンバーカードで本人確認する")
    steps.read_card(tablet)
    tablet.sees("見本　花子さん")
    begin_vacant_house(tablet)
    assert tablet.page.locator('main [name="name"]').input_value() == "見本　花子"
    desk.goto("/staff/counter/")
    desk.sees("カードで確認")
    desk.press("代理を登録する")
    desk.choose("親権者")
    for path, text in (("name", "見本　みらい"), ("birth", clock.today().replace(day=1).isoformat())):
        steps.type_into(desk, path, text)
    desk.press("登録する")
    desk.sees("確認した書類を入力してください")
    steps.type_into(desk, "seen", "戸籍全部事項証明書")
    desk.page.locator("#not_shielded").check(force=True)
    desk.press("登録する")
    desk.sees("見本　みらいさんの代理")
    desk.goto("/staff/counter/")
    desk.press("終わる")
    tablet.goto("/counter/menu")
    assert tablet.heading() == "窓口のタブレット"
    tablet.goto("/my")
    assert "見本　花子" not in tablet.text()


def test_a_resident_ends_a_sign_in_elsewhere(enter: Callable[..., Person]) -> None:
    here, there = enter(), enter()
    for person in (here, there):
        steps.sign_in(person, "ume")
    here.goto("/account/sessions")
    here.press("終わらせる")
    here.sees("選んだ端末のサインインを終わらせました")
    there.goto("/account/")
    assert "/sign-in" in there.page.url


def test_an_officer_proves_with_a_passkey_and_with_a_code(enter: Callable[..., Person]) -> None:
    desk = enter()  # on the officer's own phone
    devtools = desk.context.new_cdp_session(desk.page)
    devtools.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    steps.staff_sign_in(desk, "kodomo")
    desk.goto("/staff/factors/")
    desk.press("パスキーを登録する")
    steps.type_into(desk, "label", "窓口の端末")
    desk.press("パスキーを作る")
    desk.sees("パスキーを登録しました")
    desk.press("認証アプリを登録する")
    app = pyotp.TOTP(desk.page.locator("main code").inner_text())
    registered_with = app.at(clock.now())
    steps.type_into(desk, "code", registered_with)
    desk.press("登録する")
    desk.sees("認証アプリを登録しました")
    again(desk)
    desk.press("パスキーで確認する")
    assert "/sign-in" not in desk.page.url
    again(desk)
    steps.type_into(desk, "code", registered_with)
    desk.press(re.compile("^確認する"))
    desk.sees("確かめられませんでした")
    steps.type_into(desk, "code", app.at(clock.now(), counter_offset=1))
    desk.press(re.compile("^確認する"))
    desk.goto("/staff/factors/")
    for _ in range(2):
        desk.press(re.compile("^消す"))
    desk.sees("まだありません")


def begin_vacant_house(person: Person) -> None:
    """Write that one looks for a house, up to the page that asks who one is."""
    person.goto("/apply/start/vacant-house")
    person.press("書き始める")
    person.choose("利用したい")
    person.press("次へ進む")
    steps.type_into(person, "wish_text", WISH)
    person.press("次へ進む")


def again(desk: Person) -> None:
    """Sign out and come back up to the second question."""
    desk.page.context.clear_cookies()
    steps.staff_sign_in(desk, "kodomo")
