"""Money to its end: a booking paid and given back in part, a slip paid too late, cash with its daily close."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

from tests.journeys import steps
from tests.journeys.city import RunningCity, running
from tests.journeys.person import Person
from webapp import clock
from webapp.calendar.holidays import is_national_holiday

AFTER_THE_DAY_TO_PAY = timedelta(days=11)
"""The hall's rule gives ten days."""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    """A city of its own: its clock is moved."""
    with running(tmp_path_factory.mktemp("later")) as started:
        yield started


def test_a_booking_is_cancelled_and_a_second_clerk_approves_what_goes_back(
    enter: Callable[..., Person],
) -> None:
    phone, first, second = enter(), enter(), enter()
    page, booking = book(phone, "hall", ("pm", "ev"), "見本 花子")
    phone.press("支払いへ進む")
    phone.press("カードで支払う")
    phone.sees("お支払いを確認しました")
    phone.goto(booking)
    phone.press("この予約を取り消す")
    phone.sees("7,540円")
    phone.press("取り消す")
    steps.staff_sign_in(first, "madoguchi")
    open_charge(first, "見本 花子")
    refund = first.page.locator("form", has=first.page.get_by_role("button", name="起案する"))
    refund.locator("[name=amount]").fill("1000")
    refund.locator("[name=reason]").fill("舞台の照明が使えなかったため")
    first.press("起案する")
    first.sees("別の職員が承認してください")
    steps.staff_sign_in(second, "kaikei")
    for _ in range(2):
        second.goto("/staff/payments")
        second.page.locator("table", has_text="承認待ち").locator("a").first.click()
        second.look()
        second.press("承認する")
        second.press("決済サービスで返金する")
        second.sees("還付済み")
    phone.goto(page)
    phone.sees("一部返金済み")


def test_a_slip_paid_too_late_is_given_back_when_cash_took_the_slot(
    enter: Callable[..., Person], city: RunningCity
) -> None:
    late, quick, desk = enter(), enter(), enter()
    slip, _ = book(late, "r303", ("am",), "遅野 一")
    late.press("支払いへ進む")
    late.press("コンビニで後で支払う")
    late.goto(slip)
    late.sees("お支払い番号")
    city.move_clock(AFTER_THE_DAY_TO_PAY.total_seconds())
    city.flask("tick")
    steps.wait_for_mail(late, "遅野 一", "仮予約の期限が過ぎました", seconds=60)
    paid, _ = book(quick, "r303", ("am",), "速水 二")
    steps.staff_sign_in(desk, "madoguchi")
    open_charge(desk, "速水 二")
    desk.press("受け取った")
    desk.sees("2,040円を受け取りました")
    receipt = desk.page.locator('a[href*="receipt.pdf"]').first.get_attribute("href")
    assert desk.context.request.get(f"{desk.base_url}{receipt}").body().startswith(b"%PDF-")
    desk.goto("/staff/receipts/close")
    desk.sees("引き出しにあるはずの現金")
    assert "2,040円" in desk.text()
    quick.goto(paid)
    quick.press("領収書を見る")
    quick.sees("現金")
    late.goto("/sandbox/payment/")
    late.press("（期限後）")
    late.goto(slip)
    late.sees("返金の手続き中")
    late.sees("返金 2,040円")


def weekday(days: int) -> date:
    """A day at least this far ahead on which the plain price holds."""
    day = clock.today() + timedelta(days=days)
    while day.weekday() >= 5 or is_national_holiday(day):
        day += timedelta(days=1)
    return day


def book(person: Person, room: str, bands: tuple[str, ...], name: str) -> tuple[str, str]:
    """Take a room for parts of a day; returns where it is paid and where it is shown."""
    person.goto(f"/book/shimin-kaikan/{room}/{weekday(22).isoformat()}")
    for band in bands:
        person.page.locator(f"[name=band][value={band}]").check(force=True)
    person.press("この時間で予約へ進む")
    steps.type_into(person, "persons", "8")
    steps.type_into(person, "name", name)
    steps.type_into(person, "tel", "0000-55-1234")
    steps.type_into(person, "email", "booking@mihon.example")
    if room == "hall":  # the hall asks about the event
        person.choose("会員・関係者だけ")
    person.press("料金を確かめる")
    person.press("予約して支払いへ進む")
    shown = person.page.get_by_role("link", name="予約の内容を見る").get_attribute("href")
    person.press("支払いへ進む")
    return person.page.url.removeprefix(person.base_url), str(shown)


def open_charge(desk: Person, name: str) -> None:
    """Find the charge of this payer, as at the counter."""
    desk.goto("/staff/payments")
    desk.fill("受付番号、氏名", name)
    desk.press("探す")
    desk.page.get_by_role("region", name="請求の一覧").get_by_role("link").first.click()
    desk.look()
