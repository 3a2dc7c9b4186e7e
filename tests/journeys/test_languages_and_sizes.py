"""Every language on every step, text at twice its size, strong contrast: nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys import steps
from tests.journeys.person import Person

PAGES = ("/", "/procedures", "/procedures/water-start", "/procedures/juminhyo", "/my", "/cases", "/help")
PAGES += ("/contact", "/privacy", "/terms", "/accessibility", "/not-online", "/sign-in", "/facilities")


@pytest.mark.parametrize("language", ["easy", "en"])
def test_the_form_is_filled_in_another_language(phone: Person, language: str) -> None:
    phone.goto(f"/?lang={language}")
    phone.goto("/procedures/water-start")
    phone.page.locator("main a[href*='/apply/start/']").first.click()
    phone.look()
    phone.page.locator("main form button[type=submit]").first.click()
    phone.look()
    next_page(phone)
    assert phone.page.locator("#error-summary, .error-summary").count() > 0
    phone.page.locator("input[name=service][value=stop]").check(force=True)
    phone.settle()
    steps.type_into(phone, "user_no", "C-1")
    for part, value in (("year", "2027"), ("month", "3"), ("day", "15")):
        phone.page.locator(f'[name="move_date.{part}"]').fill(value)
    for path in ("move_to", "place"):
        for part, value in (
            ("prefecture", "東京都"),
            ("city", "千代田区"),
            ("town", "千代田"),
            ("block", "1"),
        ):
            phone.page.locator(f'[name="{path}.{part}"]').fill(value)
        next_page(phone)
    steps.type_into(phone, "name", "GARCIA LOPEZ MARIA")
    steps.type_into(phone, "tel", "09012345678")
    next_page(phone)
    phone.page.locator("[name=declared]").check(force=True)
    phone.page.locator("main form button[type=submit]").first.click()
    phone.look()
    assert steps.REFERENCE.search(phone.text())


def next_page(person: Person) -> None:
    """Press the visible 次へ of any language."""
    person.page.locator("main button[name=_action][value=next]:visible").last.click()
    person.settle()
    person.look()


@pytest.mark.parametrize("language", ["ja", "easy", "en"])
def test_public_pages_are_clean_in_every_language(phone: Person, language: str) -> None:
    phone.goto(f"/?lang={language}")
    for path in PAGES:
        phone.goto(path)


def test_text_at_twice_its_size_loses_nothing(enter: Callable[..., Person]) -> None:
    phone = enter()
    for path in ("/", "/procedures/juminhyo", "/cases"):
        phone.goto(path)
        words = phone.text()
        phone.page.evaluate("document.documentElement.style.fontSize = '200%'")
        phone.settle()
        assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), path
        cut = phone.page.evaluate(
            "[...document.querySelectorAll('main *')].filter(e => e.children.length === 0 && e.innerText"
            " && getComputedStyle(e).overflow === 'hidden' && !e.closest('.visually-hidden')"
            " && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))"
            ".map(e => e.innerText)"
        )
        assert cut == [], f"{path} cuts {cut}"
        assert phone.text() == words
        phone.shot(Path("var/shots") / f"zoom-200{path.replace('/', '-')}.png")
