"""住民票, from the phone to the notice and back: identity, payment, correction, decision, document."""

from __future__ import annotations

from collections.abc import Callable

from tests.journeys import steps
from tests.journeys.person import Person


def test_a_certificate_travels_from_the_phone_to_the_notice(enter: Callable[..., Person]) -> None:
    phone = enter()
    phone.reads_all_languages = True
    travel(phone, enter(width=1280))


def travel(phone: Person, desk: Person) -> None:
    """The whole way of one application."""
    reference = apply(phone)
    steps.wait_for_mail(phone, reference)
    steps.staff_sign_in(desk, "shimin")
    desk.goto(f"/staff/cases/{reference}")
    desk.press("担当になる")
    ask_correction(desk)
    steps.wait_for_mail(phone, reference, "直して")
    correct(phone, reference)
    steps.wait_for_mail(phone, reference)
    desk.goto(f"/staff/cases/{reference}")
    desk.sees("市役所に提出するため")
    pay(phone, reference)
    steps.wait_for_mail(phone, reference, "お支払いを確認しました")
    read_receipt(phone)
    decide(desk, reference)
    steps.wait_for_mail(phone, reference, "結果")
    issue_notice(desk, reference)
    steps.wait_for_mail(phone, reference, "書類")
    phone.goto(f"/cases/{reference}")
    link = phone.page.locator(f'a[href*="/cases/{reference}/documents/"]').first.get_attribute("href")
    assert phone.context.request.get(f"{phone.base_url}{link}").body().startswith(b"%PDF-")


def apply(phone: Person) -> str:
    """Apply for two copies as 見本花子; returns the reference."""
    phone.goto("/")
    phone.page.get_by_label("手続きを言葉で探す").fill("住民")
    phone.press("探す")
    phone.press("住民票の写しの請求")
    phone.press("手続きをはじめる")
    phone.press("マイナンバーカードで本人確認する")
    steps.read_card(phone, "hanako")
    phone.press("書き始める")
    phone.choose("住民票の写し")
    phone.choose("自分")
    phone.choose("世帯全員")
    phone.press("次へ進む")
    for question in ("honseki", "relation", "print_number"):
        phone.page.locator(f"input[name={question}][value=omit]").check(force=True)
        phone.settle()
    phone.press("次へ進む")
    steps.type_into(phone, "copies", "２")
    steps.type_into(phone, "purpose", "勤め先に出す")
    phone.press("次へ進む")
    assert phone.page.locator("[name=name]").input_value() == "見本　花子"
    phone.sees("マイナンバーカード")
    steps.type_into(phone, "name_kana", "みほんはなこ")
    steps.type_into(phone, "tel", "0000-55-9876")
    steps.type_into(phone, "email", "hanako@mihon.example")
    phone.press("次へ進む")
    phone.sees("710円")
    reference, _ = steps.send(phone)
    return reference


def ask_correction(desk: Person) -> None:
    """Mark two fields with reason and note, and send."""
    desk.press("補正を求める")
    for path in ("purpose", "tel"):
        desk.page.locator(f"input[name=mark][value={path}]").check(force=True)
        desk.page.locator(f'input[name="note:{path}"]').fill("もう少し詳しく書いてください")
    desk.press("申請者の画面を確かめる")
    desk.press("この内容で補正を求める")


def correct(phone: Person, reference: str) -> None:
    """Mend the two marked fields and nothing else."""
    phone.goto(f"/cases/{reference}")
    phone.press("直す")
    assert phone.page.locator("main [name=email]").count() == 0
    steps.type_into(phone, "purpose", "市役所に提出するため")
    steps.type_into(phone, "tel", "0000-55-1111")
    phone.press("次へ")
    phone.press("送る")


def pay(phone: Person, reference: str) -> None:
    """Pay by card on the sandbox's page."""
    phone.goto(f"/cases/{reference}")
    phone.press("支払")
    phone.press("支払いへ進む")
    phone.press("カード")
    phone.sees("お支払い")


def read_receipt(phone: Person) -> None:
    """Open it from the list of payments, where each entry leads to its payment as a whole."""
    phone.goto("/my/payments")
    phone.press("領収書を見る")
    assert phone.page.url.endswith("/receipt")


def decide(desk: Person, reference: str) -> None:
    """Approve."""
    desk.goto(f"/staff/cases/{reference}")
    desk.press("承認する")
    desk.press("承認する")
    desk.sees("承認")


def issue_notice(desk: Person, reference: str) -> None:
    """Give out the notice that it was posted."""
    desk.goto(f"/staff/cases/{reference}")
    desk.press("文書を交付する")
    desk.page.locator("nav.views a", has_text="郵送").first.click()
    desk.look()
    desk.press("交付する")
