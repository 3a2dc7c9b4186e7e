"""The public pages of the sample city; the guarding client checks each page's HTML besides."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.fakes.counter import counter
from tests.fakes.procedures import sample
from webapp.city import load_city

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    "/", "/procedures", "/procedures?q=証明", "/procedures/sample-certificate",
    "/procedures/categories/certificates",
    "/procedures/life-scenes/moving", "/privacy", "/accessibility", "/terms", "/contact",
    "/not-online", "/help", "/help?q=料金", "/components",
]  # fmt: skip


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Flask:
    return counter(database_url, tmp_path, sample())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize("language", ["ja", "easy", "en"])
def test_every_public_page_opens_in_every_language(client: FlaskClient, language: str) -> None:
    for path in PAGES:
        joint = "&" if "?" in path else "?"
        answer = client.get(f"{path}{joint}lang={language}")
        assert answer.status_code == 200, path
        assert f'<html lang="{"en" if language == "en" else "ja"}"' in answer.get_data(as_text=True)


def test_the_choice_of_language_size_and_contrast_stays(client: FlaskClient) -> None:
    client.get("/?lang=en&size=xl&contrast=high")
    page = client.get("/privacy").get_data(as_text=True)
    assert 'class="size-xl contrast-high lang-en"' in page
    assert "Personal information" in page


def test_a_switch_keeps_the_question_and_drops_earlier_choices(client: FlaskClient) -> None:
    page = client.get("/procedures?q=証明&lang=en").get_data(as_text=True)
    assert "q=%E8%A8%BC%E6%98%8E&amp;lang=easy" in page


def test_what_cannot_be_done_online_is_found_with_its_other_way(client: FlaskClient) -> None:
    page = client.get("/procedures?q=印鑑").get_data(as_text=True)
    assert "印鑑登録" in page
    assert "かわりの方法" in page


def test_a_search_without_result_says_what_to_do(client: FlaskClient) -> None:
    page = client.get("/procedures?q=xyzzy").get_data(as_text=True)
    assert "見つかりませんでした" in page
    assert "0000-55-1100" in page


def test_a_question_opens_with_its_answer(client: FlaskClient) -> None:
    page = client.get("/help?q=水漏れ").get_data(as_text=True)
    assert "0000-55-1321" in page.split("found-water-leak")[1][:900]


def test_an_unknown_shelf_is_a_page_that_helps_on(client: FlaskClient) -> None:
    answer = client.get("/procedures/categories/nothing")
    assert answer.status_code == 404
    assert "0000-55-1100" in answer.get_data(as_text=True)


def test_the_catalogue_is_there_as_json(client: FlaskClient) -> None:
    listed = client.get("/api/procedures").get_json()["procedures"]
    assert [entry["slug"] for entry in listed] == ["sample-certificate"]
    one = client.get("/api/procedures/sample-certificate").get_json()
    assert one["url"].endswith("/procedures/sample-certificate")
    assert one["purpose_of_use"]


def test_the_sample_city_is_whole() -> None:
    city = load_city(ROOT / "demo")
    assert len(city.departments) >= 10
    assert len(city.areas) >= 24
    assert all(department.hours and department.tel for department in city.departments.values())
    for shelf in (*city.categories, *city.life_scenes):
        assert shelf.name.missing() == [], shelf.key
