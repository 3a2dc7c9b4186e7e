"""Steps that several journeys share, in the words of the people who take them."""

from __future__ import annotations

import re
from datetime import date, timedelta

from tests.journeys.person import Person
from webapp import clock
from webapp.calendar.business import city_hall

STAFF_PASSWORD = "mihon-counter-2026-autumn"
REFERENCE = re.compile(r"\b\d{2}-\d{4}-\d{4}\b")
PASSWORD = re.compile(r"パスワード\s+([a-z0-9]{4}-[a-z0-9]{4})")


def fill_date(person: Person, path: str, day: date) -> None:
    """Type a day into the three boxes of a date question."""
    for part, value in (("year", day.year), ("month", day.month), ("day", day.day)):
        person.page.locator(f'[name="{path}.{part}"]').fill(str(value))
    person.page.locator(f'[name="{path}.day"]').blur()
    person.settle()


def type_into(person: Person, path: str, value: str) -> None:
    """Type into the box with this form name and leave it."""
    box = person.page.locator(f'main [name="{path}"]')
    box.fill(value)
    box.blur()
    person.settle()


def read_card(person: Person, card: str = "hanako", outcome: str = "normal") -> None:
    """At the card simulator: choose a sample card and what happens."""
    person.page.locator(f'input[name=card][value="{card}"]').check(force=True)
    person.page.locator(f'input[name=outcome][value="{outcome}"]').check(force=True)
    person.press("この内容で進む")


def sign_in(person: Person, card: str = "hanako") -> None:
    """Sign in with a card from the sign-in page."""
    person.goto("/sign-in")
    person.press("マイナンバーカードで本人確認する")
    read_card(person, card)


def staff_sign_in(person: Person, login: str) -> None:
    """Sign in at the staff's door."""
    person.goto("/staff/sign-in")
    type_into(person, "login", login)
    type_into(person, "password", STAFF_PASSWORD)
    person.press("サインイン")


def water_until_check(person: Person, *, name: str = "髙橋　𠮷子", mail: str = "taka@mihon.example") -> None:
    """Fill in the notification of water service up to its check page."""
    person.goto("/procedures/water-start")
    person.press("手続きをはじめる")
    person.press("書き始める")
    person.choose("使い始める")
    fill_date(person, "start_date", city_hall().add_business_days(clock.today() + timedelta(days=1), 6))
    person.select("料金の支払方法", "口座振替")
    person.press("次へ進む")
    type_into(person, "place.postal", "100-0001")
    person.press("住所を入れる")
    type_into(person, "place.block", "1-1")
    person.press("次へ進む")
    type_into(person, "name", name)
    type_into(person, "tel", "０９０−１２３４−５６７８")
    type_into(person, "email", mail)
    person.press("次へ進む")


def send(person: Person) -> tuple[str, str | None]:
    """Declare and send; returns reference and lookup password."""
    person.page.locator("main input[type=checkbox]").first.check(force=True)
    person.press("この内容で送る")
    return receipt_of(person)


def receipt_of(person: Person) -> tuple[str, str | None]:
    """Read reference and password from the receipt."""
    person.sees("受け付けました")
    text = person.text()
    reference = REFERENCE.search(text)
    password = PASSWORD.search(text)
    assert reference is not None
    return reference.group(), password.group(1) if password else None


def look_up(person: Person, reference: str, password: str) -> None:
    """Ask for a case by its number and password."""
    person.goto("/cases")
    type_into(person, "reference", reference)
    type_into(person, "password", password)
    person.page.locator("main button[type=submit]").first.click()
    person.settle()
    person.look()


def wait_for_mail(person: Person, *texts: str, seconds: int = 20) -> None:
    """Look at the sandbox's messages until one that says all of this has arrived."""
    for _ in range(seconds * 2):
        person.page.goto(person.base_url + "/sandbox/messages")
        shown = person.page.locator("body").inner_text()
        if all(text in shown for text in texts):
            person.look()
            return
        person.page.wait_for_timeout(500)
    raise AssertionError(f"no message says {texts}: {shown[:1500]}")
