"""The desk records that a group stayed longer; the group sees why and what to pay."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.casework_office import Office, open_office, post
from tests.fakes import hall
from webapp import clock, wiring
from webapp.audit import SYSTEM
from webapp.booking.confirm import confirm
from webapp.db import Database
from webapp.identity import staff_accounts

MAY = datetime(2026, 5, 11, 10, 0, tzinfo=clock.TOKYO)
NOON = datetime(2026, 6, 10, 12, 40, tzinfo=clock.TOKYO)
RULE = {"share": "3/10", "max_hours": 1, "citation": "別表備考3"}


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """A gymnasium whose half was used this morning by somebody who looks up with number and password."""
    made = open_office(database, tmp_path)
    tariff = {**hall.HALL["tariffs"][0], "overtime": RULE}
    places = hall.facilities(tariffs=[tariff], payment={"days_after": 5, "prepaid": False})
    services = made.app.extensions["madoguchi"]
    handlers = wiring.settle_handlers(places)
    made.app.extensions["madoguchi"] = replace(services, facilities=places, settle_handlers=handlers)
    with database.transaction() as session:
        for login, scope in (("kanri", "facility@sports"), ("shitei", "designated@facility:other")):
            staff_accounts.create(
                session, login=login, name="係", department="sports", roles=[scope], actor=SYSTEM
            )
        with clock.frozen(MAY):
            booking = hall.held(session, places)
            done = confirm(session, places, booking.basket, contact=hall.CONTACT, actor=hall.RESIDENT)
        made.reference, made.password = done.case.reference, done.password  # type: ignore[attr-defined]
    return made


def page_of(office: Office, client: FlaskClient) -> str:
    return client.get(f"/staff/facilities/applications/{office.reference}").text  # type: ignore[attr-defined]


def path_of(office: Office) -> str:
    found = re.search(r'href="([^"]+/overtime)"', page_of(office, office.client("kanri")))
    assert found is not None
    return found.group(1)


def test_the_amount_its_reasons_and_its_payee_stand_before_the_button(office: Office) -> None:
    client, path = office.client("kanri"), path_of(office)
    asked = client.get(path).text
    assert "記録して請求する" not in asked
    shown = client.get(f"{path}?minutes=40").text
    assert "600円" in shown and "別表備考3" in shown and "受け取るところ" in shown and "みほん市" in shown
    assert "時間超過: " not in page_of(office, client)


def test_what_is_recorded_stands_on_the_page_and_is_corrected_by_the_next(office: Office) -> None:
    client, path = office.client("kanri"), path_of(office)
    assert post(client, f"{path}?minutes=40", path, minutes="40", yen="600").status_code == 303
    assert "時間超過: 40分、600円" in page_of(office, client)
    assert "時間超過を訂正する" in page_of(office, client)
    assert "請求を600円下げ" in client.get(f"{path}?minutes=0").text
    assert post(client, f"{path}?minutes=0", path, minutes="0", yen="0").status_code == 303
    assert "時間超過: 0分、0円" in page_of(office, client)


@pytest.mark.parametrize(
    ("typed", "told"), [("61", "1時間まで"), ("たくさん", "1から1440まで"), ("", "1から1440まで")]
)
def test_a_refusal_says_what_to_do_and_keeps_what_was_typed(office: Office, typed: str, told: str) -> None:
    client, path = office.client("kanri"), path_of(office)
    answer = client.get(path, query_string={"minutes": typed})
    assert answer.status_code == 422
    assert told in answer.text and f'value="{typed}"' in answer.text
    sent = post(client, path, path, minutes=typed, yen="600")
    assert sent.status_code == 422 and f'value="{typed}"' in sent.text


def test_another_amount_than_was_shown_is_shown_again(office: Office) -> None:
    client, path = office.client("kanri"), path_of(office)
    answer = post(client, path, path, minutes="40", yen="500")
    assert answer.status_code == 422
    assert "料金が変わりました" in answer.text and "600円" in answer.text


def test_an_officer_of_another_hall_finds_no_such_booking(office: Office) -> None:
    stranger, path = office.client("shitei"), path_of(office)
    assert stranger.get(f"{path}?minutes=40").status_code == 404


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("ja", "予約の時間を過ぎた利用 40分 600円"),
        ("easy", "ながく つかいました"),
        ("en", "40 minutes beyond the booked time"),
    ],
)
def test_the_group_sees_the_calculation_and_where_to_pay(office: Office, lang: str, words: str) -> None:
    client, path = office.client("kanri"), path_of(office)
    post(client, f"{path}?minutes=40", path, minutes="40", yen="600")
    visitor = office.app.test_client()
    number, secret = office.reference, office.password  # type: ignore[attr-defined]
    post(visitor, "/cases", "/cases", reference=number, password=secret)
    shown = visitor.get(f"/cases/{number}/bookings?lang={lang}").text
    assert words in shown and "別表備考3" in shown
    pay = re.findall(r'href="(/pay/[^"]+)"', shown)[-1]
    charge = visitor.get(f"{pay}?lang=ja").text
    assert "時間超過 40分" in charge and "600円" in charge
    assert "時間超過 40分" in visitor.get(f"/cases/{number}").text
