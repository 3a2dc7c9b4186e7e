"""Limits count in the database and stop the sender's place: status look-up, sending, uploads."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.fakes.counter import counter, draft_token, send
from tests.fakes.procedures import sample
from webapp.identity import throttle
from webapp.identity.models import Throttle

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IEND\xae\x42\x60\x82"


@pytest.fixture(autouse=True)
def _one_each() -> Iterator[None]:
    once = {name: replace(limit, attempts=1) for name, limit in throttle.LIMITS.items()}
    with patch.dict(throttle.LIMITS, once):
        yield


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Flask:
    return counter(database_url, tmp_path, sample())


def begin(client: FlaskClient) -> str:
    start = "/apply/start/sample-certificate"
    return draft_token(send(client, client.get(start), start, {}).location)


def look_up(client: FlaskClient) -> TestResponse:
    return send(client, client.get("/cases"), "/cases", {"reference": "26-0000-0000", "password": "x"})


def upload(client: FlaskClient) -> TestResponse:
    url = f"/apply/{begin(client)}/pages/papers"
    return send(client, client.get(url), url, {"photo": (io.BytesIO(PNG), "a.png"), "_action": "add"})


def submit(client: FlaskClient) -> TestResponse:
    token = begin(client)
    for key, typed in (
        ("what", {"kind": "full", "copies": "2"}),
        ("you", {"applicant_name": "髙﨑", "applicant_tel": "0773661000"}),
        ("papers", {}),
    ):
        url = f"/apply/{token}/pages/{key}"
        send(client, client.get(url), url, {**typed, "_action": "next"})
    check = f"/apply/{token}/check"
    return send(client, client.get(check), check, {"declared": "yes"})


@pytest.mark.parametrize("act", [look_up, upload, submit])
def test_one_more_than_allowed_is_refused_with_the_time_to_wait(app: Flask, act: object) -> None:
    assert callable(act)
    first, second = act(app.test_client()), act(app.test_client())  # two browsers at one place
    assert first.status_code in (200, 303, 422)
    assert second.status_code == 429
    assert int(second.headers["Retry-After"]) > 0
    elsewhere = app.test_client()
    elsewhere.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    if act is not look_up:  # one reference is also counted by itself, wherever the asker sits
        assert act(elsewhere).status_code == first.status_code
    with app.extensions["madoguchi"].database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Throttle)), "counted where all workers look"
