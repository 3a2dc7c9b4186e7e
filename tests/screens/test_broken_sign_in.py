"""Every tampered answer of the provider is refused under its own code; the draft and its browser stay."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from sqlalchemy import delete

from tests.adapters.test_digital_agency import BROKEN
from tests.fakes.identity_counter import build, callback_address
from tests.fakes.procedures import ANSWERS, sample
from webapp.audit import Actor
from webapp.db import Database
from webapp.identity import sessions
from webapp.identity.models import Resident, Throttle
from webapp.identity.sessions import Holder
from webapp.intake import drafts


def test_no_tampered_answer_signs_anybody_in_or_costs_the_draft(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(BROKEN) >= 20
    counter = build(database, tmp_path / "identity")
    with database.transaction() as session:
        visitor = Actor("visitor", None, "申請者")
        draft = drafts.start(
            session, sample(), drafts.Owner(), lang="ja", actor=visitor, answers=dict(ANSWERS)
        ).token
        _, token = sessions.create(session, "resident", {f"own:draft:{draft}": 1}, Holder())
    client = counter.client()
    client.set_cookie("madoguchi", token)
    try:
        for fault, code in BROKEN.items():
            address = callback_address(client, fault=fault)
            caplog.clear()
            with caplog.at_level(logging.WARNING, "webapp.resident.sign_in_refused"):
                answer = client.get(address)
            expected = "unknown_state" if fault == "wrong_state" else code  # no flow is found for it at all
            assert f"identity refused: {expected}," in caplog.text, fault
            assert answer.status_code == 400, fault
            assert "入力した内容は残っています" in answer.text, fault
            assert client.get("/account/").status_code == 303, fault
            with database.transaction() as session:
                owner = drafts.Owner(None, frozenset({draft}))
                assert drafts.find(session, draft, owner).answers == ANSWERS
                session.execute(delete(Throttle))  # this test signs in more often than a person may
        here = client.get_cookie("madoguchi")
        assert here
        with database.reading() as session:
            row = sessions.find(session, here.value, "resident")
            assert row is not None
            assert f"own:draft:{draft}" in row.data
            assert session.query(Resident).count() == 0
    finally:
        counter.stop()
