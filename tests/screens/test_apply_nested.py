"""Groups inside groups, and text that must survive: variants, variation selectors, emoji, spaces."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.fakes.counter import counter, draft_token, send
from tests.fakes.procedures import BODY
from webapp.casework.models import Case
from webapp.form_engine.model import Definition
from webapp.intake import sheets

NAMES = [
    "髙﨑 𠮷子",
    "葛\U000e0100城",
    "﨑＝半角ｶﾅ①㈱",
    "é ✨ か\u3099",
    "  前後の空白  ",
    "<b>太字</b>&amp;",
]


def nested() -> Definition:
    body = copy.deepcopy(BODY)
    children = body["pages"][2]["fields"][1]
    children["fields"].append(
        {
            "key": "pets",
            "label": "ペット",
            "type": "group",
            "row": "ペット",
            "required": False,
            "max_rows": 2,
            "fields": [{"key": "name", "label": "ペットの名前", "type": "text"}],
        }
    )
    return Definition.model_validate(body)


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Flask:
    return counter(database_url, tmp_path, nested())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def begin(client: FlaskClient) -> str:
    start = "/apply/start/sample-certificate"
    return draft_token(send(client, client.get(start), start, {}).location)


def press(client: FlaskClient, url: str, action: str, **typed: str) -> None:
    send(client, client.get(url), url, {**typed, "_action": action})


def test_a_group_inside_a_group_travels_to_the_case(app: Flask, client: FlaskClient) -> None:
    token = begin(client)
    url = f"/apply/{token}/pages/papers"
    press(client, url, "add_row:children")
    press(client, url, "add_row:children[r1].pets")
    row = {"children[r1].name": "一郎", "children[r1].pets[r1].name": "ポチ"}
    boxes = {"year": "平成27", "month": "1", "day": "2"}
    birth = {f"children[r1].birth.{part}": value for part, value in boxes.items()}
    press(client, url, "next", **row, **birth)
    press(client, f"/apply/{token}/pages/what", "next", kind="full", copies="1")
    press(client, f"/apply/{token}/pages/you", "next", applicant_name="山田", applicant_tel="0773661000")
    check = client.get(f"/apply/{token}/check")
    assert "子ども 1 › ペット 1" in check.get_data(as_text=True)
    send(client, check, f"/apply/{token}/check", {"declared": "yes"})
    with app.extensions["madoguchi"].database.reading() as session:
        answers = sheets.latest(session, session.query(Case).one().id).answers
    assert answers["children"] == [
        {"id": "r1", "name": "一郎", "birth": "2015-01-02", "pets": [{"id": "r1", "name": "ポチ"}]}
    ]


def test_an_era_year_may_be_chosen_or_typed(app: Flask, client: FlaskClient) -> None:
    token = begin(client)
    url = f"/apply/{token}/pages/papers"
    press(client, url, "add_row:children")
    boxes = {"era": "平成", "year": "27", "month": "1", "day": "2"}
    press(client, url, "save", **{f"children[r1].birth.{part}": value for part, value in boxes.items()})
    assert 'value="2015"' in client.get(url).get_data(as_text=True)


@pytest.mark.parametrize("name", NAMES)
def test_free_text_arrives_exactly_as_it_was_typed(app: Flask, client: FlaskClient, name: str) -> None:
    token = begin(client)
    press(client, f"/apply/{token}/pages/what", "next", kind="full", copies="1")
    press(client, f"/apply/{token}/pages/you", "next", applicant_name=name, applicant_tel="0773661000")
    press(client, f"/apply/{token}/pages/papers", "next")
    check = client.get(f"/apply/{token}/check")
    send(client, check, f"/apply/{token}/check", {"declared": "yes"})
    with app.extensions["madoguchi"].database.reading() as session:
        answers = sheets.latest(session, session.query(Case).one().id).answers
    assert answers["applicant_name"] == name
