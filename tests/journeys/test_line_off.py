"""A city without LINE: topics on the web, notices by mail, the same answers on the help page.

Every other journey runs without LINE in ``dev.py prove line-off``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.journeys import steps, talk
from tests.journeys.city import RunningCity, running
from tests.journeys.person import Person

MAIL = "hanako@mihon.example"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    """A city of its own: without LINE, and its clock is moved."""
    with running(tmp_path_factory.mktemp("line-off"), MADOGUCHI_LINE="off") as started:
        yield started


def test_topics_garbage_and_notices_come_by_mail(enter: Callable[..., Person], city: RunningCity) -> None:
    phone, desk, second = enter(), enter(width=1280), enter(width=1280)
    assert phone.context.request.get(f"{city.url}/sandbox/line").status == 404
    steps.sign_in(phone, "hanako")
    give_mail(phone)
    choose_topics(phone)
    ask(phone)
    talk.evening_before_collection(city)
    city.next_minute()
    steps.wait_for_mail(phone, "あしたは「", "届いた理由: 「ごみ収集の前日のお知らせ」", MAIL)
    people = talk.write_notice(desk, prepared="【訓練】避難指示", area="本町")
    talk.approve_notice(second, "【訓練】避難指示", people)
    talk.result_of_notice(second, city, "【訓練】避難指示", people)
    steps.wait_for_mail(phone, "これは訓練です", MAIL)


def give_mail(phone: Person) -> None:
    """Write the address into the account; the account says that LINE is not used."""
    phone.goto("/line")
    phone.sees("いまはLINEを使っていません")
    phone.goto("/account/profile")
    steps.type_into(phone, "email", MAIL)
    phone.page.locator("main form button[type=submit]").last.click()
    phone.look()
    phone.sees(MAIL)


def choose_topics(phone: Person) -> None:
    """The same topics as in the chat, on one page."""
    phone.goto("/topics")
    phone.choose("ごみ収集の前日のお知らせ")
    phone.choose("防災・避難の情報")
    phone.choose("本町")
    phone.press("この内容で受け取る")
    phone.sees("受け取るお知らせを変更しました")


def ask(phone: Person) -> None:
    """The help page answers as the chat would, and leads to the procedure."""
    phone.goto("/help")
    phone.page.get_by_label("質問を言葉で探す").fill("大きなゴミを捨てたい")
    phone.press("探す")
    phone.press("粗大ごみの戸別収集の申込み")
    phone.sees("手続きをはじめる")
