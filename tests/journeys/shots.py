"""``python3 dev.py shots``: screenshots of the main screens for the README, phone and desk."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.journeys import steps, test_certificate
from tests.journeys.city import running
from tests.journeys.conftest import FLAGS, chromium
from tests.journeys.person import Person

FOLDER = Path("docs/shots")


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as city, sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium(), args=FLAGS)

        def person(width: int) -> Person:
            size = {"width": width, "height": 844 if width < 600 else 900}
            context = browser.new_context(viewport=size, locale="ja-JP")
            return Person(context, city.url, width=width, mirror=browser.new_context(viewport=size))

        phone, desk = person(390), person(1280)
        resident_shots(phone)
        staff_shots(phone, desk)
        browser.close()
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}")
    return 0


def resident_shots(phone: Person) -> None:
    """Home, procedure, a page with errors, receipt, facilities."""
    for name, path in (("home", "/"), ("procedure", "/procedures/juminhyo"), ("facilities", "/facilities")):
        phone.goto(path)
        phone.shot(FOLDER / f"{name}.png", full=False)
    phone.goto("/")
    phone.page.evaluate("document.documentElement.style.fontSize = '200%'")
    phone.shot(FOLDER / "zoom-200.png", full=False)
    phone.goto("/apply/start/water-start")
    phone.press("書き始める")
    phone.choose("使い始める")
    phone.press("次へ進む")
    phone.shot(FOLDER / "form-errors.png", full=False)
    steps.water_until_check(phone)
    phone.shot(FOLDER / "check.png", full=False)
    steps.send(phone)
    phone.shot(FOLDER / "receipt.png", full=False)


def staff_shots(phone: Person, desk: Person) -> None:
    """Inbox, case page, marking fields for correction."""
    reference = test_certificate.apply(phone)
    steps.staff_sign_in(desk, "shimin")
    desk.goto("/staff/inbox")
    desk.shot(FOLDER / "staff-inbox.png", full=False)
    desk.goto(f"/staff/cases/{reference}")
    desk.shot(FOLDER / "staff-case.png", full=False)
    desk.press("補正を求める")
    desk.shot(FOLDER / "staff-correction.png", full=False)


if __name__ == "__main__":
    sys.exit(main())
