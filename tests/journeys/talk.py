"""Steps on a sandbox phone and at the desk that writes notices, in the words of the people who take them."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from tests.journeys import steps
from tests.journeys.city import ROOT, RunningCity
from tests.journeys.person import Person
from webapp import clock
from webapp.city import load_city
from webapp.messaging import garbage

AREA = "honmachi"
PATIENCE_S = 15
ANSWER = ".talk li:nth-last-child(1 of .mine) ~ li"
"""What the city said after this person's last word."""


def open_phone(person: Person, user: str) -> None:
    """Take the sandbox phone of this user in the hand."""
    person.goto(f"/sandbox/line/{user}")


def hears(person: Person, words: str, *, within: str = ".talk li.city") -> None:
    """Look at the talk until the city has said this."""
    for _ in range(PATIENCE_S * 2):
        if any(words in said for said in person.page.locator(within).all_inner_texts()):
            person.look()
            return
        person.page.wait_for_timeout(300)
        person.page.get_by_role("link", name="新しいメッセージを見る").click()
        person.page.wait_for_load_state("load")
    raise AssertionError(f"the city did not say {words!r}:\n{person.text()[:3000]}")


def tap(person: Person, name: str, *, then: str) -> None:
    """Tap the newest button of this name and wait for the answer."""
    person.page.get_by_role("button", name=name, exact=True).first.click()
    person.page.wait_for_load_state("load")
    hears(person, then, within=ANSWER)


def write(person: Person, words: str, *, then: str) -> None:
    """Type into the talk and wait for the answer."""
    person.page.get_by_label("メッセージ").fill(words)
    person.page.get_by_role("button", name="送る", exact=True).click()
    person.page.wait_for_load_state("load")
    hears(person, then, within=ANSWER)


def follow_last_link(person: Person, name: str) -> None:
    """Open the newest link of this name in the talk."""
    person.page.locator(".talk").get_by_role("link", name=name).last.click()
    person.look()


def evening_before_collection(city: RunningCity) -> datetime:
    """Move the city's clock to five past the set time before the next collection in ``AREA``; returns it."""
    calendar = garbage.load(ROOT / "demo", load_city(ROOT / "demo"))
    assert calendar is not None
    now = clock.tokyo(clock.now())
    coming = calendar.next_days(AREA, now.date() + timedelta(days=1), 9)
    evenings = [datetime.combine(day, calendar.tell_at, clock.TOKYO) - timedelta(days=1) for day, _ in coming]
    at = next(evening for evening in evenings if evening > now) + timedelta(minutes=5)
    assert time(7) <= at.time() < time(21), "notices to many would wait for the morning"
    city.move_clock((at - now).total_seconds())
    return at


def write_notice(desk: Person, *, prepared: str, area: str) -> int:
    """Take a prepared notice, choose an area, try it out, ask for approval; returns the people counted."""
    steps.staff_sign_in(desk, "koho")
    desk.goto("/staff/broadcasts")
    desk.press(prepared)
    desk.page.get_by_label(area, exact=True).check(force=True)
    desk.press("下書きを保存する")
    desk.press("自分に試しに送る")
    desk.sees("試しに送ります")
    desk.press("承認を求める")
    counted = re.search(r"承認を求めました。(\d+)人に届きます", desk.text())
    assert counted is not None
    return int(counted.group(1))


def approve_notice(desk: Person, title: str, people: int) -> None:
    """As a second person: a wrong number is refused, the right one approves."""
    steps.staff_sign_in(desk, "kacho")
    desk.goto("/staff/broadcasts")
    desk.press(title)
    for typed in (people + 1, people):
        steps.type_into(desk, "count", str(typed))
        desk.press("承認する")
    desk.sees("承認しました")


def result_of_notice(desk: Person, city: RunningCity, title: str, people: int) -> None:
    """Let the notice go out and read what became of it."""
    city.next_minute()
    desk.goto("/staff/broadcasts")
    desk.press(title)
    for _ in range(PATIENCE_S * 2):
        if re.search(rf"送信済[^0-9]*{people}人", desk.text()):
            break
        desk.page.wait_for_timeout(300)
        desk.page.reload()
    else:
        raise AssertionError(f"not through: {desk.text()[:3000]}")
    city.next_minute()
    desk.page.reload()
    desk.look()
    desk.sees("配信済み")
