"""Plain words find what the city's data say, in the chat and on the help page alike; nothing is made up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.fakes.line_world import LineWorld, line_world
from webapp.chat import open_questions, pieces
from webapp.chat.models import OpenQuestion
from webapp.chat.questions import load_questions
from webapp.messaging import line_lint
from webapp.settings import ROOT
from webapp.yaml_source import LANGS

QUESTIONS = load_questions(ROOT / "demo").questions


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[LineWorld]:
    made = line_world(database_url, tmp_path)
    yield made
    made.services.database.dispose()


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("粗大ごみ", "sodai-gomi"),
        ("ソダイゴミ　回収", "sodai-gomi"),
        ("ｿﾀﾞｲｺﾞﾐ", "sodai-gomi"),
        ("大きなゴミを捨てたい", "sodai-gomi"),
        ("住民票がほしい", "juminhyo"),
        ("residence certificate", "juminhyo"),
        ("道路に穴があいている", "road-report"),
        ("水道を止めたい", "water-start"),
    ],
)
def test_people_write_as_they_speak(world: LineWorld, words: str, slug: str) -> None:
    found = world.house.finder.find(words)
    assert slug in [hit.key for hit in found], [hit.title.ja for hit in found]


@pytest.mark.parametrize("words", ["", "　", "☄", "xyzzy", "火星への引っ越し許可証の発行"])
def test_nothing_is_made_up(world: LineWorld, words: str) -> None:
    known = {d.title.ja for d in world.services.library.values()}
    known |= {question.question.ja for question in QUESTIONS}
    known |= {entry.title.ja for entry in world.services.city.not_online}
    known |= {facility.name.ja for facility in world.services.facilities}
    assert {hit.title.ja for hit in world.house.finder.find(words)} <= known
    if words in ("", "　", "☄", "xyzzy"):
        assert world.house.finder.find(words) == []


def test_every_frequent_question_is_found_by_its_own_words_and_fits_line(world: LineWorld) -> None:
    for asked in QUESTIONS:
        found = world.house.finder.find(asked.question.ja, limit=3)
        hit = next((one for one in found if one.key == asked.key), None)
        assert hit is not None, (asked.key, [one.title.ja for one in found])
        for lang in LANGS:
            message = pieces.hit("みほん市", hit, lang)
            assert line_lint.complaints([message]) == [], asked.key
            assert hit.tel in str(message)
            assert hit.hours is not None
            assert hit.hours.in_(lang) in str(message)


@pytest.mark.parametrize("words", ["粗大ごみ", "体育館", "印鑑登録", "水漏れ", "メールがない"])
def test_the_help_page_gives_the_answers_of_the_chat(world: LineWorld, words: str) -> None:
    world.write(words)
    page = world.app.test_client().get("/help", query_string={"q": words}).text
    shown = re.findall(r'id="found-([^"]+)"', page)
    for hit in world.house.finder.find(words):
        assert hit.key in shown
        assert hit.title.ja in world.words()
        assert hit.text.ja.split("\n")[0] in page
        if hit.url:
            assert hit.url in page


def test_questions_without_an_answer_are_collected_from_both_until_nobody_could_read_more(
    world: LineWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_questions, "MOST_WAITING", 2)
    world.write("xyzzy")
    for _ in range(3):
        assert "0000-55-1100" in world.app.test_client().get("/help?q=ぬぬぬ").text
    with world.services.database.reading() as session:
        rows = session.scalars(select(OpenQuestion).order_by(OpenQuestion.id)).all()
        assert [(row.words, row.channel) for row in rows] == [("xyzzy", "line"), ("ぬぬぬ", "web")]


@pytest.mark.parametrize("data", ["do=procedures", "do=bookings"])
def test_what_is_personal_is_a_link_and_nothing_else(world: LineWorld, data: str) -> None:
    world.tap(data)
    (message,) = world.talk()
    assert "http://localhost" in str(message)
    assert not re.search(r"\d{2}-\d{4}-\d{4}", str(message))


def test_the_last_resort_is_a_person_with_telephone_and_hours(world: LineWorld) -> None:
    world.tap("do=person")
    assert "0000-55-1100" in world.words()
    assert "午前8時30分から" in world.words()
