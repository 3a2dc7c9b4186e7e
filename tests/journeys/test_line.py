"""A resident's phone: link, topics, garbage, a procedure, a broken road; and a notice by the city hall."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.journeys import steps, talk
from tests.journeys.city import RunningCity, running
from tests.journeys.person import Person

pytestmark = pytest.mark.needs_line
HANAKO, TARO = (f"Usandbox{number:025d}" for number in (1, 2))
PAGE = "ページを開く"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    """A city of its own, because its clock is moved."""
    with running(tmp_path_factory.mktemp("line")) as started:
        yield started


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photograph of a hole in the road."""
    path = tmp_path / "hole.jpg"
    Image.new("RGB", (800, 600), "grey").save(path)
    return path


def test_a_resident_and_the_city_hall_talk_on_line(
    enter: Callable[..., Person], city: RunningCity, photo: Path
) -> None:
    hanako, taro, desk, second = enter(), enter(), enter(width=1280), enter(width=1280)
    link(hanako)
    choose_topics(hanako)
    start_a_procedure(hanako)
    reference = report(taro, photo)
    decide(desk, reference)
    talk.hears(taro, "手続きの結果が出ました")
    talk.evening_before_collection(city)
    city.next_minute()
    talk.open_phone(hanako, HANAKO)
    talk.hears(hanako, "あしたは「")
    talk.hears(hanako, "届いた理由: 「ごみ収集の前日のお知らせ」")
    people = talk.write_notice(desk, prepared="【訓練】避難指示", area="本町")
    talk.approve_notice(second, "【訓練】避難指示", people)
    talk.result_of_notice(second, city, "【訓練】避難指示", people)
    talk.hears(hanako, "これは訓練です")
    talk.tap(hanako, "お知らせの設定", then="押すと止められます")
    talk.tap(hanako, "✓防災・避難の情報", then="・旭町")
    talk.tap(hanako, "止める: 旭町", then="このお知らせを止めました")


def link(phone: Person) -> None:
    """Follow the account and link it from the chat."""
    talk.open_phone(phone, HANAKO)
    phone.press("友だちに追加する")
    talk.hears(phone, "友だち追加ありがとうございます")
    talk.tap(phone, "LINE連携", then="次のページでサインインしてください")
    talk.follow_last_link(phone, "連携する")
    phone.press("マイナンバーカードで本人確認する")
    steps.read_card(phone, "hanako")
    phone.press("連携する")
    phone.press("LINEに戻って終える")
    talk.hears(phone, "連携しました")


def choose_topics(phone: Person) -> None:
    """Garbage at home; disasters at home and at work. The web page shows the same."""
    talk.tap(phone, "お知らせを選ぶ", then="受け取りたいお知らせを選んでください")
    talk.tap(phone, "ごみ収集の前日のお知らせ", then="地域を選んでください")
    talk.tap(phone, "中央地区", then="町名を選んでください")
    talk.tap(phone, "本町", then="登録しました")
    talk.tap(phone, "お知らせを選ぶ", then="受け取りたいお知らせを選んでください")
    assert phone.page.get_by_role("button", name="✓ごみ収集の前日のお知らせ").is_visible()
    talk.tap(phone, "防災・避難の情報", then="地域を選んでください")
    talk.tap(phone, "中央地区", then="町名を選んでください")
    talk.tap(phone, "本町", then="・本町")
    talk.tap(phone, "地域を足す", then="地域を選んでください")
    talk.tap(phone, "東地区", then="町名を選んでください")
    talk.tap(phone, "旭町", then="・旭町")
    phone.goto("/topics")
    assert phone.page.get_by_label("ごみ収集の前日のお知らせ").is_checked()
    talk.open_phone(phone, HANAKO)


def start_a_procedure(phone: Person) -> None:
    """Plain words lead to the procedure, and on to its first question."""
    talk.write(phone, "大きなゴミを捨てたい", then="粗大ごみ")
    phone.page.locator(".talk li", has_text="粗大ごみ").get_by_role("link", name=PAGE).first.click()
    phone.look()
    phone.press("手続きをはじめる")
    phone.press("書き始める")
    phone.sees("持っていない")


def report(phone: Person, photo: Path) -> str:
    """Report a hole without signing in; the talk hears that it arrived. Returns the reference."""
    talk.open_phone(phone, TARO)
    talk.tap(phone, "道路の報告", then="このリンクは1回だけ使えます")
    talk.follow_last_link(phone, "知らせるページを開く")
    phone.press("手続きをはじめる")
    phone.press("書き始める")
    phone.choose("いいえ")
    phone.select("種別", "道路の穴・ひび・段差")
    phone.press("次へ進む")
    steps.type_into(phone, "geo.note", "市役所の前の交差点")
    phone.page.locator("input[type=file]").first.set_input_files(photo)
    phone.settle()
    phone.press("次へ進む")
    phone.press("次へ進む")
    reference, _password = steps.send(phone)
    talk.open_phone(phone, TARO)
    talk.hears(phone, "受け付けました")
    assert reference not in phone.text()
    return reference


def decide(desk: Person, reference: str) -> None:
    """See the photograph's case and close it."""
    steps.staff_sign_in(desk, "kensetsu")
    desk.goto(f"/staff/cases/{reference}")
    desk.press("担当になる")
    desk.press("対応を終えて回答する")
    desk.page.locator("main textarea").first.fill("穴をふさぎました。")
    desk.press("対応を終えて回答する")
