"""The whole way with the keyboard alone: Tab, arrows, space, Enter and letters."""

from __future__ import annotations

from tests.journeys.person import Person

FIND = """() => { const e = document.activeElement; return {
  name: e.name || '', value: e.value || '', type: e.type || e.tagName.toLowerCase(),
  text: (e.labels && e.labels[0] ? e.labels[0].innerText : e.innerText || '').trim() }; }"""
MOST_STOPS = 60


def tab_to(person: Person, *, text: str = "", name: str = "", value: str = "") -> None:
    """Press Tab until the focus is on the control with these words, form name or value; it must be seen."""
    for _ in range(MOST_STOPS):
        person.page.keyboard.press("Tab")
        at = person.page.evaluate(FIND)
        if (text and text in at["text"]) or (name and at["name"] == name and value in ("", at["value"])):
            outline = person.page.evaluate(
                "() => { const s = getComputedStyle(document.activeElement);"
                " return [s.outlineStyle, s.boxShadow, s.outlineWidth].join(' ') }"
            )
            assert outline != "none none 0px", f"the focus on {at} cannot be seen"
            return
    raise AssertionError(f"no {text or name} can be reached on {person.page.url}")


def enter_and_look(person: Person, key: str = "Enter") -> None:
    person.page.keyboard.press(key)
    person.settle()
    person.look()


def test_a_notification_is_sent_with_the_keyboard_alone(phone: Person) -> None:
    phone.goto("/procedures/water-start")
    tab_to(phone, text="手続きをはじめる")
    enter_and_look(phone)
    tab_to(phone, text="書き始める")
    enter_and_look(phone)
    tab_to(phone, name="service")
    phone.page.keyboard.press("ArrowDown")
    enter_and_look(phone, "ArrowDown")
    if phone.page.locator("[name=service]:checked").get_attribute("value") != "stop":
        enter_and_look(phone, "ArrowDown")
    tab_to(phone, name="user_no")
    phone.page.keyboard.type("A-12345")
    for part, text in (("year", "2027"), ("month", "3"), ("day", "15")):
        tab_to(phone, name=f"move_date.{part}")
        phone.page.keyboard.type(text)
    fill_address(phone, "move_to")
    tab_to(phone, text="次へ進む")
    enter_and_look(phone)
    fill_address(phone, "place")
    tab_to(phone, text="次へ進む")
    enter_and_look(phone)
    tab_to(phone, name="name")
    phone.page.keyboard.type("見本 次郎")
    tab_to(phone, name="tel")
    phone.page.keyboard.type("0000-55-3333")
    tab_to(phone, text="次へ進む")
    enter_and_look(phone)
    tab_to(phone, name="declared")
    enter_and_look(phone, "Space")
    tab_to(phone, text="この内容で送る")
    enter_and_look(phone)
    phone.sees("受け付けました")


def fill_address(person: Person, path: str) -> None:
    """Type an address part by part."""
    parts = (
        ("postal", "9999901"),
        ("prefecture", "見本県"),
        ("city", "みほん市"),
        ("town", "中央"),
        ("block", "1-1"),
    )
    for part, text in parts:
        tab_to(person, name=f"{path}.{part}")
        person.page.keyboard.type(text)
