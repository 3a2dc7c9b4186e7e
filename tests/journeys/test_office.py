"""The office at work: a fee fixed after review, an opinion, paper entered, many cases at once, figures."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from tests.journeys import steps
from tests.journeys.person import Person
from webapp import clock

REFERENCE = re.compile(r"\d{2}-\d{4}-\d{4}")


def test_bulky_waste_is_priced_after_review_and_asked_about(enter: Callable[..., Person]) -> None:
    phone, desk, roads = enter(), enter(width=1280), enter(width=1280)
    reference, password = apply(phone)
    assert password is not None
    steps.staff_sign_in(desk, "kankyo")
    desk.press(reference)
    desk.press("担当になる")
    ask_others(desk)
    answer_as_others(roads, reference)
    desk.goto(f"/staff/cases/{reference}")
    desk.sees("支障なし")
    desk.press("金額を決めて請求する")
    assert desk.page.locator("[name=unit1]").input_value() == "300"
    desk.press("この金額を請求する")
    desk.sees("600円")
    steps.wait_for_mail(phone, reference, "お支払い")
    desk.goto(f"/staff/cases/{reference}")
    desk.press("申込みを確定する")
    desk.sees("未払いの料金があります")
    desk.press("申込みを確定する")
    desk.sees("確定")
    pay_at_the_konbini(phone, reference)


def test_paper_is_entered_and_many_cases_are_worked_on_at_once(enter: Callable[..., Person]) -> None:
    desk = enter(width=1280)
    steps.staff_sign_in(desk, "kankyo")
    references = [enter_paper(desk, name) for name in ("紙野 一", "紙野 二")]
    desk.goto("/staff/inbox?channel=paper&q=紙野")
    for reference in references:
        desk.page.locator(f"#pick-{reference}").check()
    desk.press("選んだ案件をまとめて処理する")
    desk.choose("自分の担当にする")
    desk.press("実行する")
    desk.sees("2件を処理しました")
    desk.goto("/staff/inbox?view=mine&q=紙野")
    desk.page.locator("input[name=reference]").first.check()
    desk.press("選んだ案件をまとめて処理する")
    desk.press("書き出す形式と項目を選ぶ")
    with desk.page.expect_download() as taken:
        desk.page.get_by_role("button", name="書き出す").last.click()
    assert taken.value.suggested_filename.endswith(".csv")
    confirm_with_letters(desk, references)
    enter_with_a_gap(desk, "紙野 三")
    desk.goto("/staff/absence")
    head = enter(width=390)
    steps.staff_sign_in(head, "kacho")
    head.goto("/staff/statistics")
    head.sees("粗大ごみの戸別収集の申込み")


def apply(phone: Person) -> tuple[str, str | None]:
    """Ask for two futons to be collected, without an account."""
    phone.goto("/procedures/sodai-gomi")
    phone.press("手続きをはじめる")
    phone.press("書き始める")
    phone.choose("持っていない")
    phone.press("次へ進む")
    if not phone.page.locator("select[name$='.kind']").count():
        phone.press("品目を追加する")
    phone.page.locator("select[name$='.kind']").first.select_option("futon")
    phone.settle()
    count = phone.page.locator("input[name$='.count']").first.get_attribute("name")
    assert count is not None
    steps.type_into(phone, count, "2")
    steps.fill_date(phone, "date", clock.today() + timedelta(days=10))
    steps.type_into(phone, "place", "玄関前")
    phone.press("次へ進む")
    applicant(phone, "見本 太郎", "taro@mihon.example")
    phone.press("次へ進む")
    return steps.send(phone)


def pay_at_the_konbini(phone: Person, reference: str) -> None:
    """Take a number for the konbini, see that it is awaited, pay it, and have the receipt."""
    phone.goto(f"/cases/{reference}")
    phone.press("支払いへ進む")
    page = phone.page.url
    phone.press("支払いへ進む")
    phone.press("コンビニで後で支払う")
    phone.goto(page)
    phone.sees("お支払い番号")
    phone.sees("コンビニでの入金待ち")
    phone.goto("/sandbox/payment/")
    phone.press("コンビニで支払う")
    steps.wait_for_mail(phone, reference, "お支払いを確認しました")
    phone.goto(page)
    phone.sees("支払い済み")
    phone.press("領収書を見る")
    phone.sees("600円")


def applicant(person: Person, name: str, mail: str) -> None:
    """Name, address, telephone and mail."""
    steps.type_into(person, "applicant_name", name)
    steps.type_into(person, "applicant_kana", "ミホン")
    for part, value in (
        ("postal", "9999901"),
        ("prefecture", "見本県"),
        ("city", "みほん市"),
        ("town", "中央"),
        ("block", "1-1"),
    ):
        steps.type_into(person, f"applicant_address.{part}", value)
    steps.type_into(person, "applicant_tel", "0000551234")
    steps.type_into(person, "applicant_email", mail)


def ask_others(desk: Person) -> None:
    """Ask another department whether the lorry may stop there."""
    desk.page.get_by_text("他の課に意見を照会する").click()
    desk.page.locator("[name=opinion_department]").select_option("tax")
    desk.page.locator("[name=question]").fill("道路に車を止めて収集してよいですか。")
    desk.page.get_by_role("button", name="照会する", exact=True).click()
    desk.look()
    desk.sees("回答待ち")


def answer_as_others(roads: Person, reference: str) -> None:
    """Answer the question in the other department's inbox."""
    steps.staff_sign_in(roads, "zeimu")
    roads.goto("/staff/inbox?view=opinion")
    roads.press(reference)
    roads.page.locator("[name=stance]").select_option("agree")
    roads.press("意見を回答する")


def confirm_with_letters(desk: Person, references: list[str]) -> None:
    """Accept many at once, with letters, which the worker makes while the page tells how far it is."""
    desk.goto("/staff/inbox?channel=paper&q=紙野")
    for reference in references:
        desk.page.locator(f"#pick-{reference}").check()
    desk.press("選んだ案件をまとめて処理する")
    desk.choose("確定する")
    desk.page.locator("#f-with_letter").check(force=True)
    desk.press("実行する")
    desk.page.get_by_text("2件を処理しました").wait_for(timeout=20_000)
    desk.look()
    desk.goto(f"/staff/cases/{references[0]}")
    desk.sees("確定のお知らせ")


def enter_with_a_gap(desk: Person, name: str) -> None:
    """Type in a paper on which the place is missing: it is taken, and the place asked for."""
    type_paper(desk, name, place="")
    desk.sees("足りないところが1か所あります")
    desk.press("不備のまま受付へ進む")
    desk.press("不備のまま受け付ける")
    desk.sees("までに補正をお願いしました")
    desk.press("案件を開く")
    desk.press("届いた回答を入力する")
    desk.page.locator("[name=place]").fill("車庫の前")
    desk.press("この内容で受け取る")
    desk.sees("補正の提出")


def enter_paper(desk: Person, name: str) -> str:
    """Enter a whole application that came by post, and return its reference."""
    type_paper(desk, name, place="車庫の前")
    desk.press("受け付ける")
    desk.sees("控え")
    found = REFERENCE.search(desk.text())
    assert found is not None
    return found.group()


def type_paper(desk: Person, name: str, *, place: str) -> None:
    """Type in an application that came by post, and look at it."""
    desk.goto("/staff/enter")
    desk.page.locator("[name=slug]").select_option("sodai-gomi")
    desk.choose("郵送・紙")
    desk.press("入力を始める")
    desk.page.locator("[name=course][value=only]").check(force=True)
    desk.press("入力に合わせて項目を出し直す")
    if not desk.page.locator("select[name$='.kind']").count():
        desk.press("品目を追加する")
    desk.page.locator("select[name$='.kind']").first.select_option("sofa")
    desk.page.locator("input[name$='.count']").first.fill("1")
    steps.fill_date(desk, "date", clock.today() + timedelta(days=10))
    desk.page.locator("[name=place]").fill(place)
    applicant(desk, name, "")
    desk.press("確認する")
