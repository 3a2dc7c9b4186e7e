"""The pages of free times remember how a stretch is drawn, never which state it is in."""

import re
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.fakes import hall
from tests.fakes.counter import counter, sign_in
from webapp import clock
from webapp.booking import availability, board, registration
from webapp.booking.facility import Facilities, Facility
from webapp.booking.hold import hold, release
from webapp.booking.wish import Wish
from webapp.resident import slots

pytestmark = pytest.mark.usefixtures("in_may")
WEEK, DAY = "/facilities/gym/rooms/a?from=2026-06-10", "/facilities/gym?from=2026-06-10"


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Flask:
    made = counter(database_url, tmp_path)
    offer(made, dict(hall.HALL))
    return made


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()


def offer(app: Flask, *files: dict[str, Any]) -> Facilities:
    """Let these facilities be the city's."""
    places = Facilities({file["slug"]: Facility.model_validate(file) for file in files})
    app.extensions["madoguchi"] = replace(app.extensions["madoguchi"], facilities=places)
    return places


def shown(browser: FlaskClient, path: str) -> list[str]:
    """The words of all stretches of a page, in their order."""
    days = browser.get(path).text.partition('<ul class="week">')[2]
    return re.findall(r"<span>([^<]+)</span></(?:a|span)></li>", days)


@pytest.mark.parametrize("path", [WEEK, DAY])
def test_a_time_that_somebody_takes_is_taken_on_the_next_page_and_free_when_it_is_given_back(
    app: Flask, browser: FlaskClient, path: str
) -> None:
    services = app.extensions["madoguchi"]
    before = shown(browser, path)
    with services.database.transaction() as session:
        wish = Wish("gym", "a", hall.FIRST, ("pm",))
        token = hold(session, services.facilities, wish, hall.person()).token
    during = shown(browser, path)
    with services.database.transaction() as session:
        release(session, services.facilities, token)
    assert "× 予約済み" not in before and "× 予約済み" in during
    assert shown(browser, path) == before


@pytest.mark.parametrize("path", [path.replace("06-10", "09-10") for path in (WEEK, DAY)])
def test_what_is_not_let_yet_is_free_from_its_minute_on(browser: FlaskClient, path: str) -> None:
    with clock.frozen(datetime(2026, 7, 1, 8, 59, 59)):
        assert shown(browser, path)[0] == "△ 受付前"
        assert "令和8年7月1日（水）午前9時 から受け付けます。" in browser.get(path).text
    with clock.frozen(datetime(2026, 7, 1, 9, 0)):
        assert shown(browser, path)[0] == "○ 空き"
        assert "から受け付けます。" not in re.split("2026-09-11|9月11日", browser.get(path).text)[0]


def test_a_time_is_over_from_the_minute_it_begins(browser: FlaskClient) -> None:
    with clock.frozen(datetime(2026, 6, 10, 8, 59, 59)):
        assert shown(browser, WEEK)[:2] == ["○ 空き", "○ 空き"]
    with clock.frozen(datetime(2026, 6, 10, 9, 0)):
        assert shown(browser, WEEK)[:2] == ["－ 終了", "○ 空き"]


def test_a_deadline_in_hours_ends_each_time_of_a_day_by_itself(app: Flask, browser: FlaskClient) -> None:
    offer(app, {**hall.HALL, "windows": [{"closes": {"hours_before": 3}}]})
    with clock.frozen(datetime(2026, 6, 10, 9, 59)):
        assert shown(browser, WEEK)[:3] == ["－ 終了", "○ 空き", "○ 空き"]
    with clock.frozen(datetime(2026, 6, 10, 10, 0)):
        assert shown(browser, WEEK)[:3] == ["－ 終了", "－ 受付終了", "○ 空き"]


def test_each_day_names_its_own_minute(app: Flask, browser: FlaskClient) -> None:
    offer(app, {**hall.HALL, "windows": [{"opens": {"days_before": 20, "at": "09:00"}}]})
    opens = re.findall(r"令和8年(\d月\d+日)（.）午前9時 から", browser.get(WEEK).text)
    assert opens == [f"5月{day}日" for day in range(21, 28)]


def test_the_end_of_a_registration_is_told_to_its_holder_alone(app: Flask, browser: FlaskClient) -> None:
    services, group = app.extensions["madoguchi"], app.test_client()
    resident_id = sign_in(app, group)
    with services.database.transaction() as session:
        registration.register(
            session, resident_id=resident_id, kind="group", name="クラブ", details={}, actor=hall.RESIDENT
        )
    offer(app, {**hall.HALL, "windows": [{"closes": {"fixed": "2026-05-01"}}]})
    for _ in range(2):
        assert shown(browser, WEEK)[-1] == "－ 受付終了"
        assert shown(group, WEEK)[-1] == "－ 登録の期限より後"


def test_the_counter_has_its_own_opening_beside_the_residents(app: Flask) -> None:
    moments = [{"months_before": months, "day": 1} for months in (1, 2)]
    places = offer(app, {**hall.HALL, "windows": [{"counter_opens": moments[0], "opens": moments[1]}]})
    gym, day = places.by_slug["gym"], date(2026, 7, 10)
    with app.extensions["madoguchi"].database.reading() as session:
        for booker, reason in ((availability.ANYONE, "open"), (board.STAFF, "too_early")):
            grid = availability.grid(session, places, gym, [gym.room("a")], day, 1, booker)
            assert grid[0].days[0].answer.reason == reason


def test_seats_are_counted_anew_for_every_page(app: Flask, browser: FlaskClient) -> None:
    services = app.extensions["madoguchi"]
    path = WEEK.replace("/a?", "/visit?")
    assert shown(browser, path)[0] == "残り200人"
    with services.database.transaction() as session:
        hold(session, services.facilities, Wish("gym", "visit", hall.FIRST, (), 540, 600, 30), hall.person())
    assert shown(browser, path)[:2] == ["残り170人", "残り200人"]


def test_each_reader_sees_their_own_language(browser: FlaskClient) -> None:
    words = [shown(browser, f"{WEEK}&lang={lang}")[0] for lang in ("ja", "en", "easy", "en", "ja")]
    assert words[0] == words[4] and words[1] == words[3] and words[0] != words[1]


def test_rooms_that_are_let_alike_lead_to_their_own_times(app: Flask, browser: FlaskClient) -> None:
    offer(app, dict(hall.HALL), {**hall.HALL, "slug": "annex", "name": "別館"})
    for slug, name in (("gym", "半面A"), ("annex", "半面A")):
        page = browser.get(WEEK.replace("gym", slug)).text
        assert {*re.findall(r"/book/([a-z]+/[a-z]+)/", page)} == {f"{slug}/a"}
        assert (
            f'href="/book/{slug}/a/2026-06-10?band=am"><span class="visually-hidden">{name} 令和8年6月10日'
            in page
        )


def test_a_site_below_a_path_keeps_to_it_beside_one_that_is_not(browser: FlaskClient) -> None:
    for root in ("", "/city", ""):
        page = browser.get(WEEK, environ_overrides={"SCRIPT_NAME": root}).text
        assert f'href="{root}/book/gym/a/2026-06-10?band=am"' in page


def test_a_name_is_text_wherever_it_is_drawn(app: Flask, browser: FlaskClient) -> None:
    file = deepcopy(dict(hall.HALL))
    file["rooms"][1]["name"] = '<b>"半面" & A</b>'
    file["bands"]["three"][0]["name"] = "<i>朝</i>"
    offer(app, file)
    for path in (WEEK, DAY):
        page = browser.get(path).text
        assert "&lt;b&gt;&#34;半面&#34; &amp; A&lt;/b&gt;" in page and "&lt;i&gt;朝&lt;/i&gt;" in page
        assert "<b>" not in page and "<i>" not in page


def test_a_memory_that_is_full_begins_anew(browser: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [shown(browser, path) for path in (WEEK, DAY)]
    monkeypatch.setattr(slots, "MOST_KEPT", 1)
    monkeypatch.setattr(availability, "MOST_BOUNDS", 1)
    with clock.frozen(datetime(2026, 5, 11, 10, 0)):
        for _ in range(2):
            assert [shown(browser, path) for path in (WEEK, DAY)] == expected


def test_four_weeks_stay_four_weeks_and_one_stays_one(browser: FlaskClient) -> None:
    turned = re.compile(r'<a class="button [^"]+" href="(/facilities/gym/rooms/a\?[^"]+)"')
    week, month = (turned.findall(browser.get(f"{WEEK}{view}").text) for view in ("", "&view=month"))
    a = "/facilities/gym/rooms/a?from=2026-"
    assert week == [f"{a}06-03", f"{a}06-17", f"{a}06-10&amp;view=month"]
    assert month == [f"{a}05-13&amp;view=month", f"{a}07-08&amp;view=month", f"{a}06-10"]
