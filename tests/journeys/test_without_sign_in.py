"""A resident without an account applies, looks the case up by number and password, writes, withdraws."""

from __future__ import annotations

from tests.journeys import steps
from tests.journeys.person import Person


def test_a_notification_travels_without_sign_in(phone: Person) -> None:
    steps.water_until_check(phone)
    phone.sees("髙橋　𠮷子")
    phone.sees("090-1234-5678")
    reference, password = steps.send(phone)
    assert password is not None
    steps.wait_for_mail(phone, reference, "taka@mihon.example")
    phone.context.clear_cookies()
    steps.look_up(phone, reference, "wrong-pass")
    assert reference not in phone.page.url
    steps.look_up(phone, reference, password)
    phone.sees(reference)
    phone.sees("水道の使用開始・中止の届出")
