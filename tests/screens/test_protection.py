"""支援措置: once it is set, nobody but the person finds the way to the person's cases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tests.casework_office import Office, open_office, post
from webapp import clock
from webapp.audit import AuditEntry
from webapp.db import Database
from webapp.identity import mandates, sessions
from webapp.identity.mandate_models import Mandate
from webapp.identity.models import Resident, WebSession
from webapp.identity.sessions import Holder
from webapp.ports.identity import Level
from webapp.web.sessions import COOKIES


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return open_office(database, tmp_path)


@pytest.fixture
def reference(office: Office) -> str:
    """A case of a resident, with a mandate to somebody else of the household."""
    with office.database.transaction() as session:
        people = [Resident(created_at=clock.now(), profile={"name": name}) for name in ("本人", "家族")]
        session.add_all(people)
        session.flush()
        sent = office.submitted(session)
        sent.case.resident_id = people[0].id
        today = clock.today()
        session.add(
            Mandate(
                token_hash="x" * 64,
                grantor_id=people[0].id,
                agent_id=people[1].id,
                basis="online",
                procedures=["test-application"],
                valid_from=today,
                valid_to=today + timedelta(days=30),
                offered_at=clock.now(),
                offer_ends_at=clock.now(),
                accepted_at=clock.now(),
            )
        )
        assert sent.password
        office.password = sent.password  # type: ignore[attr-defined]
        return sent.case.reference


def looks_up(office: Office, reference: str) -> FlaskClient:
    client = office.app.test_client()
    post(client, "/cases", "/cases", reference=reference, password=office.password)  # type: ignore[attr-defined]
    return client


def resident(office: Office) -> FlaskClient:
    client = office.app.test_client()
    with office.database.transaction() as session:
        mine = session.scalars(select(Resident).order_by(Resident.id)).first()
        assert mine
        holder = Holder(resident_id=mine.id, level=int(Level.CARD), authenticated_at=clock.now())
        _, token = sessions.create(session, "resident", {}, holder)
    client.set_cookie(COOKIES["resident"], token)
    return client


def test_a_protected_persons_case_opens_to_the_person_only(office: Office, reference: str) -> None:
    before = looks_up(office, reference)
    assert before.get(f"/cases/{reference}").status_code == 200
    chief, page = office.client("kacho"), f"/staff/cases/{reference}/protection"
    assert "支援措置の設定" in chief.get(f"/staff/cases/{reference}").text
    assert post(chief, page, page, step="protect").status_code == 422
    assert post(chief, page, page, step="protect", basis="measure").status_code == 303
    assert "支援措置の対象の人です" in chief.get(f"/staff/cases/{reference}").text
    assert before.get(f"/cases/{reference}").status_code == 302, "a browser that had looked it up"
    assert reference not in before.get("/my").text
    assert before.get(f"/cases/{reference}/access").status_code == 404
    wrong = post(office.app.test_client(), "/cases", "/cases", reference=reference, password="wrong")
    right = post(office.app.test_client(), "/cases", "/cases", reference=reference, password=office.password)  # type: ignore[attr-defined]
    assert (wrong.status_code, strip(wrong.text)) == (right.status_code, strip(right.text))
    assert resident(office).get(f"/cases/{reference}").status_code == 200
    with office.database.reading() as session:
        people = list(session.scalars(select(Resident).order_by(Resident.id)))
        mandate = session.scalars(select(Mandate)).one()
        assert mandates.in_force(session, mandate.id, people[1]) is None
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "resident.protect")).one()
        assert (entry.actor_kind, entry.details) == ("staff", {"basis": "measure"})
    assert post(chief, page, page, step="lift").status_code == 422
    assert post(chief, page, page, step="lift", sure="yes").status_code == 303
    assert looks_up(office, reference).get(f"/cases/{reference}").status_code == 200


def test_only_who_decides_and_with_a_fresh_password(office: Office, reference: str) -> None:
    page = f"/staff/cases/{reference}/protection"
    assert office.client("zeimu").get(page).status_code == 404
    assert office.client("toukei").get(page).status_code == 403
    chief = office.client("kacho")
    with office.database.transaction() as session:
        old = clock.now() - timedelta(minutes=16)
        session.execute(update(WebSession).values(authenticated_at=old))
    assert "confirm" in post(chief, page, page, step="protect", basis="measure").headers["Location"]
    with office.database.reading() as session:
        assert not session.scalars(select(Resident.protected).where(Resident.protected)).all()


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_no_file_that_leaves_the_house_says_where_the_person_is(
    office: Office, reference: str, kind: str
) -> None:
    def taken() -> str:
        columns = ["reference", "name", "tel", "email", "test-application:tel", "test-application:wish"]
        given = {"reference": reference, "format": kind, "column": columns}
        answer = post(office.client("tanto"), "/staff/inbox", "/staff/export/file", **given)
        return answer.data.decode("utf-8-sig")

    assert "09012345678" in taken(), "the control: without protection it is there"
    with office.database.transaction() as session:
        session.get_one(Resident, office.case(session, reference).resident_id).protected = True
    after = taken()
    assert reference in after
    assert "支援措置のため" in after
    assert "09012345678" not in after
    assert "taka@example.jp" not in after
    shown = post(office.client("tanto"), "/staff/inbox", "/staff/export", reference=reference).text
    assert "支援措置の対象の人の案件が1件あります" in shown


def test_a_case_without_an_account_says_what_to_do(office: Office) -> None:
    shown = office.client("kacho").get(f"/staff/cases/{office.submit()}/protection")
    assert "新しいパスワード" in shown.text


def strip(html: str) -> str:
    """The page without its tokens and nonces."""
    main = html[html.index("<main") : html.index("</main>")]
    return "".join(line for line in main.splitlines() if "csrf_token" not in line)
