"""Rules, prices and refusals of a hall in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facility
from webapp.resident import reckoning, refusals, rule_words
from webapp.web import languages
from webapp.yaml_source import read, validate

FILES = Path(__file__).resolve().parents[2] / "demo" / "facilities"


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask("words")
    languages.install(app)
    return app


@pytest.fixture
def japanese(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


@pytest.fixture
def english(app: Flask) -> Iterator[None]:
    with app.test_request_context("/?lang=en"):
        yield


def hall(slug: str) -> Facility:
    return validate(read(FILES / f"{slug}.yaml"), Facility)


@pytest.mark.usefixtures("japanese")
def test_the_rules_of_a_hall_are_said_in_whole_words() -> None:
    arena = hall("arena")
    table = arena.tariffs[0]
    assert [rule_words.window(window, arena) for window in arena.windows] == [
        "市内の方、登録した団体：3か月前の月の1日 9:00から、利用する日まで",
        "市内の方：2か月前の月の1日 9:00から、利用する日まで",
        "市外の方：1か月前の月の1日 9:00から、利用する日まで",
    ]
    tiers = [rule_words.tier(tier) for tier in arena.cancellation[0].tiers]
    assert tiers == ["7日前まで：料金の100%をお返しします", "2日前まで：料金の50%をお返しします"]
    assert [rule_words.rate(rule) for rule in table.adjustments] == ["1.2倍", "1.5倍", "3倍"]
    assert [rule_words.reduction(rule) for rule in table.exemptions] == ["50%引き", "無料"]
    summer = next(row.season for row in table.rows if row.season)
    assert rule_words.season(summer) == "7月1日から9月30日まで"


@pytest.mark.usefixtures("japanese")
def test_prices_that_differ_by_room_are_told_by_their_ends() -> None:
    table = hall("bunka-kaikan").tariffs[0]
    assert (
        rule_words.extra_price(table.extras[0]) == "1つの時間帯 200円から12,675円まで（部屋や時間で違います）"
    )


@pytest.mark.usefixtures("japanese")
def test_a_condition_on_money_and_on_a_question_is_said_by_its_words() -> None:
    gym = hall("sogo-taiikukan")
    said = [rule_words.condition(row.when, gym) for row in gym.tariffs[0].rows]
    assert said[0] == "入場料 なし、アマチュアのスポーツ・文化"
    assert "入場料 あり、営利・宣伝" in said


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize("slug", ["arena", "bunka-kaikan", "gakushukan", "koryu-hiroba", "shimin-bunka"])
def test_no_rule_of_the_sample_city_is_japanese_for_english_readers(slug: str) -> None:
    place = hall(slug)
    said = [rule_words.window(window, place) for window in place.windows]
    said += [rule_words.tier(tier) for rule in place.cancellation for tier in rule.tiers]
    for table in place.tariffs:
        said += [rule_words.condition(row.when, place) for row in table.rows]
        said += [rule_words.rate(rule) for rule in table.adjustments]
        said += [rule_words.extra_price(extra) for extra in table.extras]
        said += [rule_words.reduction(rule) for rule in table.exemptions]
    assert [one for one in said if any("぀" <= mark <= "鿿" for mark in one)] == []


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("1,910円×1区分", "¥1,910 × 1 period(s)"),
        ("10円未満四捨五入", "rounded to the nearest ¥10"),
        ("×1.2", "×1.2"),
        ("2,292円", "¥2,292"),
    ],
)
@pytest.mark.usefixtures("english")
def test_a_step_of_a_price_is_english_for_english_readers(written: str, shown: str) -> None:
    assert reckoning.reckoning(written) == shown


@pytest.mark.usefixtures("japanese")
def test_a_refusal_keeps_the_sentence_of_the_service_in_japanese() -> None:
    refused = NotAllowed("per_month", "同じ月に予約できるのは4件までです。ほかの月をお選びください。")
    assert refusals.say(refused) == refused.say


@pytest.mark.usefixtures("english")
def test_a_refusal_is_said_in_english_with_its_figure() -> None:
    refused = NotAllowed("per_month", "同じ月に予約できるのは4件までです。ほかの月をお選びください。")
    assert "up to 4 bookings" in refusals.say(refused)
    assert refusals.say(NotAllowed("moon", "満月です。")) == refusals.otherwise()
