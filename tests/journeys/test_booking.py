"""Halls: from the search to the permit, a registered group with an exemption and a series, the desk by keyboard."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import requests

from tests.journeys import steps
from tests.journeys.person import Person
from tests.journeys.test_keyboard import MOST_STOPS, enter_and_look, tab_to
from webapp import clock


def test_a_visitor_books_a_hall_without_javascript(enter: Callable[..., Person]) -> None:
    phone = enter(javascript=False)
    day = free_day(phone, "gym_a", weeks=1)
    phone.goto("/facilities")
    phone.fill("施設や部屋の名前", "アリーナ")
    steps.fill_date(phone, "day", day)
    phone.select("使いみち", "球技")
    phone.press("探す")
    phone.page.locator(f'main a.slot[href*="/gym_a/{day.isoformat()}"]').first.click()
    phone.look()
    phone.press("この時間で予約へ進む")
    describe(phone, "20")
    phone.sees("体育施設 占用利用料金の表")
    phone.sees(re.compile(r"合計 [12],\d{3}円"))
    phone.press("予約して支払いへ進む")
    phone.sees("照会用パスワード")
    reference = steps.REFERENCE.search(phone.text())
    assert reference is not None
    phone.press("支払いへ進む")
    phone.press("支払いへ進む")
    phone.press("カード")
    wait_until_confirmed(phone, reference.group())
    assert permit(phone, reference.group()).startswith(b"%PDF-")
    cancel(phone)


def test_a_registered_group_books_a_series_at_a_reduced_price(
    enter: Callable[..., Person], paper: Path
) -> None:
    desk, phone = enter(width=1280), enter()
    day = free_day(phone, "gym_b", weeks=3)
    steps.staff_sign_in(desk, "shisetsu")
    seconds = book_by_keyboard(desk, day + timedelta(days=7))
    assert seconds < 60
    steps.sign_in(phone, "hanako")
    register_group(phone, paper)
    accept_registration(desk)
    phone.goto("/facilities/registration")
    phone.sees("有効")
    reference = book_series(phone, day)
    grant_exemption(desk, reference)
    phone.goto(f"/cases/{reference}/bookings")
    phone.sees("支払い待ち")
    change_to_the_afternoon(phone, reference)


def free_day(person: Person, room: str, *, weeks: int) -> date:
    """A weekday from which on the room's morning is free for some weeks, as the open data says."""
    first = clock.today() + timedelta(days=5)
    asked = {"from": first.isoformat(), "days": "35"}
    answer = requests.get(f"{person.base_url}/api/facilities/arena/availability", params=asked, timeout=30)
    days = next(one for one in answer.json()["rooms"] if one["id"] == room)["days"]
    free = {date.fromisoformat(d["date"]) for d in days if d["slots"][0]["state"] == "free"}
    fits = (d for d in sorted(free) if all(d + timedelta(weeks=n) in free for n in range(weeks)))
    return next(d for d in fits if d.weekday() < 5)


def describe(phone: Person, persons: str) -> None:
    """Say what for and who, and go on to the price."""
    steps.type_into(phone, "persons", persons)
    steps.type_into(phone, "title", "春の練習会")
    steps.type_into(phone, "name", "見本　花子")
    steps.type_into(phone, "tel", "0000-55-2222")
    phone.press("料金を確かめる")


def wait_until_confirmed(person: Person, reference: str) -> None:
    """The provider's message settles the charge a moment after the person comes back."""
    for _ in range(40):
        person.page.goto(f"{person.base_url}/cases/{reference}/bookings")
        if "使用許可書（PDF）" in person.page.locator("main").inner_text():
            person.look()
            return
        person.page.wait_for_timeout(250)
    raise AssertionError(person.text()[:1500])


def permit(person: Person, reference: str) -> bytes:
    return person.context.request.get(f"{person.base_url}/cases/{reference}/permit.pdf").body()


def book_by_keyboard(desk: Person, day: date) -> float:
    """Somebody calls: find the free half on the timeline and book it, hands on the keys; returns seconds."""
    desk.goto(f"/staff/timeline?facility=arena&day={day.isoformat()}")
    began = time.monotonic()
    tab_to_slot(desk, "gym_b")
    enter_and_look(desk)
    for name, text in (("name", "電話　次郎"), ("tel", "0000-55-3333"), ("persons", "12")):
        tab_to(desk, name=name)
        desk.page.keyboard.type(text)
    tab_to(desk, name="channel")
    desk.page.keyboard.press("ArrowDown")
    tab_to(desk, text="予約する")
    enter_and_look(desk)
    desk.sees("予約しました")
    desk.sees("電話　次郎")
    return time.monotonic() - began


def tab_to_slot(desk: Person, room: str) -> None:
    """Press Tab until the focus is on a free stretch of the room; the table around it can have the focus too."""
    for _ in range(MOST_STOPS):
        desk.page.keyboard.press("Tab")
        if f"room={room}&" in desk.page.evaluate("document.activeElement.href || ''"):
            return
    raise AssertionError(f"{room} cannot be reached on {desk.page.url}")


def register_group(phone: Person, paper: Path) -> None:
    """Apply for the registration of a group as any other procedure."""
    phone.goto("/facilities/registration")
    phone.press("公共施設の利用者登録")
    phone.press("手続きをはじめる")
    phone.press("書き始める")
    phone.choose("新しく登録する")
    phone.choose("団体")
    phone.press("次へ進む")
    steps.type_into(phone, "org", "みほん球友会")
    steps.type_into(phone, "purpose", "球技の練習")
    phone.choose("スポーツ団体")
    steps.type_into(phone, "members", "12")
    phone.choose("はい")
    phone.page.locator('main input[type="file"]').first.set_input_files(str(paper))
    phone.press("次へ進む")
    steps.type_into(phone, "name_kana", "みほんはなこ")
    steps.type_into(phone, "tel", "0000-55-2222")
    phone.press("次へ進む")
    steps.send(phone)
    phone.goto("/facilities/registration")
    phone.sees("仮登録（確認中）")


def accept_registration(desk: Person) -> None:
    """The papers are looked at and the registration is accepted on its case."""
    desk.goto("/staff/facilities")
    desk.sees("みほん球友会")
    desk.page.locator("tr", has_text="みほん球友会").get_by_role("link").click()
    desk.look()
    desk.press("承認する")
    desk.press("承認する")


def book_series(phone: Person, day: date) -> str:
    """Three weeks in one go as the group; the taken one is named. Asks for the exemption."""
    phone.goto(f"/book/arena/gym_b/{day.isoformat()}?band=am")
    phone.select("だれの予約ですか", "みほん球友会")
    phone.page.locator("main details summary").click()
    steps.fill_date(phone, "until", day + timedelta(days=14))
    phone.press("この時間で予約へ進む")
    skipped = day + timedelta(days=7)
    phone.sees(re.compile(f"{skipped.month}月{skipped.day}日.*は予約できませんでした"))
    assert phone.page.locator('main [name="group"]').input_value() == "みほん球友会"
    phone.select("当てはまるもの", "障害のある方の団体(見本)")
    steps.type_into(phone, "exemption_reason", "会員の半分が手帳を持っています")
    describe(phone, "12")
    phone.sees("減免が認められると")
    phone.press("申し込む")
    phone.sees("申込みを受け付けました")
    reference = steps.REFERENCE.search(phone.text())
    assert reference is not None
    return reference.group()


def grant_exemption(desk: Person, reference: str) -> None:
    """Half the fee, decided with the price shown."""
    desk.goto(f"/staff/facilities/applications/{reference}")
    desk.choose("認める", within="減免")
    desk.press("許可する")
    desk.goto(f"/staff/facilities/applications/{reference}")
    desk.sees("955円")


def change_to_the_afternoon(phone: Person, reference: str) -> None:
    """Move the first use to the afternoon; what it costs more is shown before."""
    phone.press("日時や部屋を変える")
    phone.page.locator("#band-am").uncheck(force=True)
    phone.page.locator("#band-pm").check(force=True)
    phone.press("料金の差額を確かめる")
    phone.sees("追加でお支払いいただく額")
    phone.press("変更して差額の支払いへ進む")
    phone.goto(f"/cases/{reference}/bookings")
    phone.sees("13:00–17:00")


def cancel(phone: Person) -> None:
    """The tier and what comes back stand on the page before the button is pressed."""
    phone.press("この予約を取り消す")
    phone.sees("この額で取り消せる期限")
    phone.sees(re.compile(r"^[12],\d{3}円$"))
    phone.press("取り消す")
    phone.sees("取消し済み")
    phone.sees("お返しする額")
