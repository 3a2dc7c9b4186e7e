"""How values read on a screen, in Japanese and English."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask

from webapp.web import filters, languages
from webapp.yaml_source import Text


@pytest.fixture
def app() -> Flask:
    app = Flask("look")
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


@pytest.mark.usefixtures("japanese")
def test_a_date_is_spoken_with_its_era_and_weekday() -> None:
    assert filters.date_text(date(2026, 11, 20)) == "令和8年11月20日（金）"
    assert filters.date_text(date(2019, 5, 1), with_weekday=False) == "令和元年5月1日"


@pytest.mark.usefixtures("japanese")
def test_an_instant_is_shown_on_the_clock_of_tokyo() -> None:
    assert filters.date_time(datetime(2026, 11, 20, 15, 5, tzinfo=UTC)) == "令和8年11月21日（土）午前0時05分"


@pytest.mark.usefixtures("japanese")
def test_a_full_hour_has_no_minutes() -> None:
    assert filters.date_time(datetime(2026, 11, 20, 0, 0, tzinfo=UTC)) == "令和8年11月20日（金）午前9時"


@pytest.mark.usefixtures("japanese")
def test_what_ends_at_midnight_lasts_until_the_day_before() -> None:
    midnight = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    assert filters.until(midnight) == "令和8年11月20日（金）"
    assert filters.until(midnight.replace(hour=8)) == "令和8年11月20日（金）午後5時"


def test_easy_readers_see_the_western_year_and_the_whole_weekday(app: Flask) -> None:
    with app.test_request_context("/?lang=easy"):
        assert filters.date_text(date(2026, 11, 20)) == "2026年11月20日 金曜日（きんようび）"
        assert filters.date_short(date(2026, 11, 20)) == "11月20日 金曜日（きんようび）"
        assert filters.date_time(datetime(2026, 11, 20, 0, 5, tzinfo=UTC)).endswith(" 9:05")


@pytest.mark.usefixtures("english")
def test_english_readers_see_western_dates() -> None:
    assert filters.date_text(date(2026, 11, 20)) == "20 November 2026 (Fri)"
    assert filters.yen(1200) == "¥1,200"


@pytest.mark.usefixtures("japanese")
@pytest.mark.parametrize(
    ("given", "shown"),
    [("09012345678", "090-1234-5678"), ("0312345678", "03-1234-5678"), ("0120123456", "0120-123-456"),
     ("0773662000", "0773-66-2000"), ("0773-66-2000", "0773-66-2000"), ("119", "119"), (None, "")],
)  # fmt: skip
def test_telephone_numbers_are_grouped_where_that_is_certain(given: str | None, shown: str) -> None:
    assert filters.tel(given) == shown


@pytest.mark.usefixtures("japanese")
def test_a_reference_is_spelt_for_the_ear() -> None:
    assert filters.reference("26-4839-1572") == "2 6 の 4 8 3 9 の 1 5 7 2"


@pytest.mark.usefixtures("english")
def test_a_text_falls_back_to_japanese() -> None:
    assert filters.text_of(Text(ja="水", en="water")) == "water"
    assert filters.text_of({"ja": "水"}) == "水"


def test_the_language_is_taken_from_the_link_then_the_cookie(app: Flask) -> None:
    with app.test_request_context("/?lang=easy", headers={"Cookie": "lang=en"}):
        assert languages.lang() == "easy"
    with app.test_request_context("/?lang=xx", headers={"Cookie": "lang=en"}):
        assert languages.lang() == "en"
    with app.test_request_context("/staff/inbox?lang=en"):
        assert languages.lang() == "ja"
