"""指定管理者 see bookings of their own facility with name and telephone, and nothing else of the person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.casework_office import Office, open_office
from tests.fakes import hall
from webapp import clock, wiring
from webapp.audit import SYSTEM
from webapp.booking.confirm import confirm
from webapp.db import Database
from webapp.identity import staff_accounts
from webapp.identity.models import IdentityLink, Resident

pytestmark = pytest.mark.usefixtures("in_may")
ADDRESS, BIRTH, MAIL, KANA = "カード町九丁目", "1971-02-03", "himitsu@mihon.example", "ヒミツノカナ"
HIDDEN = (ADDRESS, BIRTH, "1971年", MAIL, KANA)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """A gymnasium with a booking of somebody who proved who they are with a card."""
    made, places = open_office(database, tmp_path), hall.facilities()
    services = made.app.extensions["madoguchi"]
    handlers = wiring.settle_handlers(places)
    made.app.extensions["madoguchi"] = replace(services, facilities=places, settle_handlers=handlers)
    with database.transaction() as session:
        asserted = {"name": "予約 花子", "address": ADDRESS, "birth": BIRTH}
        resident = Resident(created_at=clock.now(), profile={**asserted, "kana": KANA, "email": MAIL})
        session.add(resident)
        session.flush()
        link = {"provider": "card", "issuer": "test", "subject": "s", "level": 30, "asserted": asserted}
        session.add(
            IdentityLink(resident_id=resident.id, linked_at=clock.now(), last_seen_at=clock.now(), **link)
        )
        booking = hall.held(session, places)
        booking.resident_id = resident.id
        contact = {"name": "予約 花子", "kana": KANA, "tel": "0773662000", "email": MAIL, "lang": "ja"}
        done = confirm(session, places, booking.basket, contact=contact, actor=hall.RESIDENT)
        done.case.resident_id = resident.id
        made.reference = done.case.reference  # type: ignore[attr-defined]
        for login, scope in (("mine", "gym"), ("theirs", "other")):
            roles = [f"designated@facility:{scope}"]
            staff_accounts.create(
                session, login=login, name=login, department="sports", roles=roles, actor=SYSTEM
            )
    return made


def pages(office: Office, client: FlaskClient) -> Iterator[tuple[str, str]]:
    """Every page of bookings that a manager may try, and what it says."""
    reference = office.reference  # type: ignore[attr-defined]
    for page in (
        "/staff/timeline?facility=gym&day=2026-06-10",
        "/staff/facilities",
        f"/staff/facilities/applications/{reference}",
        f"/staff/cases/{reference}",
        f"/staff/inbox?q={reference}",
        "/staff/facilities/figures.csv",
        "/staff/export",
    ):
        answer = client.get(page)
        assert answer.status_code < 500, page
        yield page, answer.text


def test_the_manager_of_the_facility_sees_name_and_telephone_only(office: Office) -> None:
    told = dict(pages(office, office.client("mine")))
    assert any("予約 花子" in text and "0773662000" in text for text in told.values())
    for page, text in told.items():
        assert not [word for word in HIDDEN if word in text], page


def test_the_manager_of_another_facility_sees_nothing_of_the_person(office: Office) -> None:
    for page, text in pages(office, office.client("theirs")):
        assert not [word for word in ("予約 花子", "0773662000", *HIDDEN) if word in text], page
