"""The same way with JavaScript switched off: nothing essential needs it."""

from __future__ import annotations

from collections.abc import Callable

from tests.journeys import steps
from tests.journeys.person import Person


def test_a_notification_is_sent_without_javascript(enter: Callable[..., Person]) -> None:
    phone = enter(javascript=False)
    phone.goto("/")
    phone.page.get_by_label("手続きを言葉で探す").fill("水道")
    phone.press("探す")
    phone.press("水道の使用開始・中止の届出")
    phone.press("手続きをはじめる")
    phone.press("書き始める")
    phone.choose("使うのをやめる")
    phone.press("次へ進む")
    phone.sees("直すところ")
    phone.page.locator("[name=user_no]").fill("B-777")
    for part, value in (("year", "令和9"), ("month", "3"), ("day", "15")):
        phone.page.locator(f'[name="move_date.{part}"]').fill(value)
    phone.page.locator('[name="move_to.postal"]').fill("1000001")
    phone.press("住所を入れる")
    assert phone.page.locator('[name="move_to.city"]').input_value() == "千代田区"
    assert phone.page.locator("[name=user_no]").input_value() == "B-777"
    phone.page.locator('[name="move_to.block"]').fill("1-1")
    phone.press("次へ進む")
    phone.page.locator('[name="place.postal"]').fill("1000001")
    phone.press("住所を入れる")
    phone.page.locator('[name="place.block"]').fill("2-2")
    phone.press("次へ進む")
    phone.page.locator("[name=name]").fill("見本　三郎")
    phone.page.locator("[name=tel]").fill("0000-55-4444")
    phone.press("次へ進む")
    phone.sees("2027年3月15日")
    reference, password = steps.send(phone)
    assert password is not None
    steps.look_up(phone, reference, password)
    phone.sees(reference)
