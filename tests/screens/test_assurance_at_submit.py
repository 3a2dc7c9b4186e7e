"""The level a procedure needs is asked again when it is sent; signing comes last."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.fakes.counter import adopt, counter, send, sign_in
from tests.fakes.procedures import ANSWERS, BODY
from webapp.audit import SYSTEM, Actor
from webapp.form_engine.model import Definition
from webapp.identity import signatures
from webapp.identity.models import Resident
from webapp.identity.proof_models import Signature
from webapp.intake import drafts
from webapp.intake.models import Submission
from webapp.ports.identity import Level
from webapp.ports.signature import Check, Signed, SignerClaims, Verdict

VISITOR = Actor("visitor", None, "申請者")


def definition(level: str) -> Definition:
    body = copy.deepcopy(BODY)
    body["identity"] = {"level": level}
    return Definition.model_validate(body)


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Flask:
    return counter(database_url, tmp_path, definition("card"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def begun(app: Flask, client: FlaskClient, level: str) -> tuple[int, str]:
    resident_id = sign_in(app, client)
    with app.extensions["madoguchi"].database.transaction() as session:
        draft = drafts.start(
            session,
            definition(level),
            drafts.Owner(resident_id),
            lang="ja",
            actor=VISITOR,
            answers=dict(ANSWERS),
        )
        return resident_id, draft.token


def submissions(app: Flask) -> int:
    with app.extensions["madoguchi"].database.reading() as session:
        return len(session.scalars(select(Submission).where(Submission.case_id.isnot(None))).all())


def send_it(client: FlaskClient, token: str) -> str:
    page = client.get(f"/apply/{token}/check")
    answer = send(client, page, f"/apply/{token}/check", {"declared": "yes"})
    return answer.headers.get("Location", str(answer.status_code))


def test_the_needed_level_sends(app: Flask, client: FlaskClient) -> None:
    _, token = begun(app, client, "card")
    assert send_it(client, token).endswith("/receipt")


def test_a_weaker_proof_is_sent_to_step_up_and_the_draft_stays(app: Flask, client: FlaskClient) -> None:
    resident_id, token = begun(app, client, "card")
    weaker = app.test_client()
    adopt(app, weaker, resident_id, Level.ACCOUNT)
    page = weaker.get("/account/")
    answer = send(weaker, page, f"/apply/{token}/check", {"declared": "yes"})
    assert "/sign-in" in answer.headers["Location"]
    assert submissions(app) == 0
    with app.extensions["madoguchi"].database.reading() as session:
        assert drafts.by_token(session, token).answers["applicant_name"] == ANSWERS["applicant_name"]


def test_a_procedure_with_signature_is_not_sent_without_one(app: Flask, client: FlaskClient) -> None:
    _, token = begun(app, client, "signed")
    assert send_it(client, token).endswith("/sign")
    assert submissions(app) == 0


def test_a_good_signature_over_this_very_content_lets_it_go(app: Flask, client: FlaskClient) -> None:
    resident_id, token = begun(app, client, "signed")
    sign(app, client, resident_id, token)
    assert send_it(client, token).endswith("/receipt")
    with app.extensions["madoguchi"].database.reading() as session:
        assert session.scalars(select(Signature)).one().case_id is not None


def test_a_change_after_signing_asks_for_a_new_signature(app: Flask, client: FlaskClient) -> None:
    resident_id, token = begun(app, client, "signed")
    sign(app, client, resident_id, token)
    with app.extensions["madoguchi"].database.transaction() as session:
        draft = drafts.by_token(session, token)
        draft.answers = {**draft.answers, "applicant_name": "別の名前"}
    assert send_it(client, token).endswith("/sign")
    assert submissions(app) == 0


def test_a_signature_of_another_person_does_not_count(app: Flask, client: FlaskClient) -> None:
    resident_id, token = begun(app, client, "signed")
    sign(app, client, resident_id, token, name="別人 太郎")
    assert send_it(client, token).endswith("/sign")


def sign(app: Flask, client: FlaskClient, resident_id: int, token: str, name: str = "見本 花子") -> None:
    """Keep a good verdict over what would be sent now."""
    from webapp.resident import desk
    from webapp.resident import sign as signing

    cookie = client.get_cookie("madoguchi")
    assert cookie
    with app.test_request_context(headers={"Cookie": f"madoguchi={cookie.value}"}):
        document = signing.document_of(desk.open_desk(token))
    signer = SignerClaims(name=name, address="", birth=None, gender="2")
    verdict = Verdict("valid", (Check("signature_over_document", True),), signer=signer, revocation="good")
    with app.extensions["madoguchi"].database.transaction() as session:
        resident = session.get_one(Resident, resident_id)
        row = signatures.prepare(session, resident, token, document)
        signatures.store(session, row, Signed(b"s", b"c"), verdict, SYSTEM)


def test_canonical_bytes_do_not_depend_on_order_or_form() -> None:
    one = signatures.canonical({"b": "か\u3099", "a": [1, {"y": 2, "x": None}]})
    two = signatures.canonical({"a": [1, {"x": None, "y": 2}], "b": "が"})
    assert one == two
    with pytest.raises(TypeError):
        signatures.canonical({"a": 0.1})
